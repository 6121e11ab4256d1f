//go:build pin

package main

// The definitions of Prometheus' operator are data of its module, which nothing else keeps in
// go.mod.
import _ "github.com/prometheus-operator/prometheus-operator/pkg/versionutil"
