package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A validator makes a tenant of options and remembers every mistake.
type validator struct {
	flags       *flagValues
	environment environment
	flagTenant  *Tenant // of the flags and the environment
	mistakes    []error
}

// wrongValue notes what is wrong with the value of a flag or a variable.
func (v *validator) wrongValue(name, value, format string, args ...any) {
	v.mistakes = append(v.mistakes, fmt.Errorf("%s=%q: %s", name, value, oneLine(fmt.Sprintf(format, args...))))
}

// mistake notes what is wrong where the value is missing, or not to be shown.
func (v *validator) mistake(name, format string, args ...any) {
	v.mistakes = append(v.mistakes, fmt.Errorf("%s: %s", name, oneLine(fmt.Sprintf(format, args...))))
}

// flagOrVariable returns the value of a flag, or else of a variable, with the name of the
// one that it came from. Empty is not given.
func (v *validator) flagOrVariable(flag, value, variable string) (name, given string) {
	if value != "" {
		return flag, value
	}
	return variable, v.environment(variable)
}

// number parses a whole number within bounds.
func (v *validator) number(name, value string, least, most int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		v.wrongValue(name, value, "want a whole number from %d to %d", least, most)
	}
	return n
}

// maxDuration is more than any of the times here can sensibly be.
const maxDuration, maxDurationText = 24 * time.Hour, "24h"

// duration parses a time within bounds.
func (v *validator) duration(name, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > maxDuration {
		v.wrongValue(name, value, "want a time from %s to %s, such as 90s or 10m", least, maxDurationText)
		return 0
	}
	return d
}

// oneLine joins the lines of a message that comes from elsewhere.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
