package graphsim

import "strings"

// A lexeme is a word, a quoted string or a punctuation mark of a $filter.
type lexeme struct {
	kind byte   // 'w' word, 's' string, '(' ')' ',' themselves, 0 the end
	text string // of a string, without its quotes
	at   int
}

// lex cuts a $filter expression into lexemes, ending with one of kind 0.
func lex(text string) ([]lexeme, error) {
	var all []lexeme
	for at := 0; at < len(text); {
		switch c := text[at]; {
		case c == ' ':
			at++
		case strings.IndexByte("(),", c) >= 0:
			all = append(all, lexeme{kind: c, text: string(c), at: at})
			at++
		case c == '\'':
			value, length, ok := quoted(text[at:])
			if !ok {
				return nil, queryErrorf("There is an unterminated string literal at position %d in '%s'.", at, text)
			}
			all = append(all, lexeme{kind: 's', text: value, at: at})
			at += length
		default:
			end := at
			for end < len(text) && inWord(text[end]) {
				end++
			}
			if end == at {
				return nil, queryErrorf("Syntax error: character '%c' is not valid at position %d in '%s'.", c, at, text)
			}
			all = append(all, lexeme{kind: 'w', text: text[at:end], at: at})
			at = end
		}
	}
	return append(all, lexeme{at: len(text)}), nil
}

// quoted reads the string literal that text begins with; a quote in it is doubled.
func quoted(text string) (value string, length int, ok bool) {
	var b strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] != '\'' {
			b.WriteByte(text[i])
			continue
		}
		if i+1 == len(text) || text[i+1] != '\'' {
			return b.String(), i + 1, true
		}
		b.WriteByte('\'')
		i++
	}
	return "", 0, false
}

func inWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_-:.+$/", c) >= 0
}
