package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"msgraph_security_exporter/internal/show"
)

// A validator checks flags and variables, and collects every mistake.
type validator struct {
	flags       *flagValues
	environment environment
	flagTenant  *Tenant // of the flags and the environment
	mistakes    []error
}

// wrongValue adds a mistake in the value of a flag or a variable, and shows the value if no
// secret looks like it.
func (v *validator) wrongValue(name, value, format string, args ...any) {
	v.mistakes = append(v.mistakes, fmt.Errorf("%s=%s: %s", name, show.Value(value), oneLine(fmt.Sprintf(format, args...))))
}

// wrongFile adds a mistake in a file that a flag or a variable names.
func (v *validator) wrongFile(name, path string, cause error) {
	v.mistakes = append(v.mistakes, fmt.Errorf("%s=\"%s\": %s", name, show.Path(path), oneLine(show.Quotations(cause.Error()))))
}

// mistake adds a mistake whose value is missing or must not be shown.
func (v *validator) mistake(name, format string, args ...any) {
	v.mistakes = append(v.mistakes, fmt.Errorf("%s: %s", name, oneLine(fmt.Sprintf(format, args...))))
}

// flagOrVariable returns the value of a flag, or of a variable if the flag is empty, with the
// name of that flag or variable.
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

// maxDuration is the upper bound of every duration.
const maxDuration, maxDurationText = 24 * time.Hour, "24h"

// duration parses a duration within bounds.
func (v *validator) duration(name, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > maxDuration {
		v.wrongValue(name, value, "want a time from %s to %s, such as 90s or 10m", least, maxDurationText)
		return 0
	}
	return d
}

// oneLine joins the lines of a message of another package.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
