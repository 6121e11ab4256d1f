package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A checker makes a tenant of options and remembers every mistake.
type checker struct {
	given       *options
	environment environment
	own         *Tenant // of the flags and the environment
	mistakes    []error
}

// wrong notes what is wrong with the value of a flag or a variable.
func (c *checker) wrong(name, value, format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("%s=%q: %s", name, value, oneLine(fmt.Sprintf(format, args...))))
}

// refuse notes what is wrong where the value is missing, or not to be shown.
func (c *checker) refuse(name, format string, args ...any) {
	c.mistakes = append(c.mistakes, fmt.Errorf("%s: %s", name, oneLine(fmt.Sprintf(format, args...))))
}

// from returns the value of a flag, or else of a variable, with the name of the
// one that it came from. Empty is not given.
func (c *checker) from(flag, value, variable string) (name, given string) {
	if value != "" {
		return flag, value
	}
	return variable, c.environment(variable)
}

// number parses a whole number within bounds.
func (c *checker) number(name, value string, least, most int) int {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		c.wrong(name, value, "want a whole number from %d to %d", least, most)
	}
	return n
}

// longest is more than any of the times here can sensibly be.
const longest, longestText = 24 * time.Hour, "24h"

// duration parses a time within bounds.
func (c *checker) duration(name, value string, least time.Duration) time.Duration {
	d, err := time.ParseDuration(value)
	if err != nil || d < least || d > longest {
		c.wrong(name, value, "want a time from %s to %s, such as 90s or 10m", least, longestText)
		return 0
	}
	return d
}

// oneLine joins the lines of a message that comes from elsewhere.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
