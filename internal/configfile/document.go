package configfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxSize is the size of the longest file that is read, in bytes: room for thousands of
// tenants.
const maxSize = 1 << 20

const emptyFile = "is empty, want tenants or objectives"

// document returns the root of the one YAML document in a text.
func document(name string, text []byte) (*yaml.Node, error) {
	if len(text) > maxSize {
		return nil, &mistake{file: name, text: fmt.Sprintf("is longer than %d KiB", maxSize>>10)}
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors begin a file with it
	if err := checkText(name, text); err != nil {
		return nil, err
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var first, second yaml.Node
	switch err := loader.Load(&first); {
	case errors.Is(err, io.EOF):
		return nil, &mistake{file: name, text: emptyFile}
	case err != nil:
		return nil, syntaxMistake(name, text, err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, &mistake{file: name, line: second.Line, text: "a second document begins, want only one"}
	case !errors.Is(err, io.EOF):
		return nil, syntaxMistake(name, text, err)
	}
	root := resolveAlias(first.Content[0])
	if typeOf(root) == "!!null" {
		return nil, &mistake{file: name, text: emptyFile}
	}
	return root, nil
}

// checkText refuses text that is not UTF-8 or has control characters. The parser refuses most
// of it as well, but without the line.
func checkText(name string, text []byte) error {
	for i, line := 0, 1; i < len(text); {
		char, size := utf8.DecodeRune(text[i:])
		switch {
		case char == utf8.RuneError && size == 1:
			return &mistake{file: name, line: line, text: "is not text in UTF-8"}
		case char == '\n':
			line++
		case unicode.IsControl(char) && char != '\t' && char != '\r':
			return &mistake{file: name, line: line, text: fmt.Sprintf("holds the control character %U", char)}
		}
		i += size
	}
	return nil
}

var tabIndent = regexp.MustCompile(`^ *\t`)

// syntaxMistake converts an error of the parser. One of the parser's messages quotes the text,
// which may be a secret: "client_secret: *x" is a reference to an anchor.
func syntaxMistake(name string, text []byte, err error) error {
	e, ok := errors.AsType[*yaml.LoadError](err)
	switch {
	case !ok:
		return &mistake{file: name, text: "is not YAML"}
	case e.Stage == yaml.ComposerStage:
		return &mistake{file: name, line: e.Mark.Line, text: "refers to an anchor that is not above"}
	case tabIndent.Match(lineOf(text, e.Mark.Line)):
		return &mistake{file: name, line: e.Mark.Line, text: "is indented by a tab, want spaces"}
	}
	said := e.Message
	if e.ContextMsg != "" {
		said = e.ContextMsg + ": " + said
	}
	if e.ContextMark.Line > 0 && e.ContextMark.Line < e.Mark.Line {
		said += fmt.Sprintf(", begun on line %d", e.ContextMark.Line)
	}
	return &mistake{file: name, line: e.Mark.Line, text: "is not YAML: " + said}
}

// lineOf returns a line of a text, counted from 1.
func lineOf(text []byte, number int) []byte {
	lines := bytes.Split(text, []byte("\n"))
	if number < 1 || number > len(lines) {
		return nil
	}
	return lines[number-1]
}
