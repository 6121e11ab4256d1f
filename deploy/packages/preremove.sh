#!/bin/sh
# Before a removal ("remove", or 0), and not before an upgrade.
set -e
case "$1" in
  remove|0)
    if [ -d /run/systemd/system ]; then
      systemctl disable --now msgraph-security-exporter.service msgraph-security-exporter.socket
    fi
    ;;
esac
