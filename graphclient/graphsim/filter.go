package graphsim

import "slices"

// A filter is a compiled $filter. The spans hold every incident that matches,
// so that the indexes can leave out most others without looking.
type filter struct {
	match            func(*Incident) bool
	created, updated span
}

var matchAll = filter{match: func(*Incident) bool { return true }, created: always, updated: always}

func (f filter) and(g filter) filter {
	return filter{
		match:   func(in *Incident) bool { return f.match(in) && g.match(in) },
		created: f.created.and(g.created), updated: f.updated.and(g.updated),
	}
}

func (f filter) or(g filter) filter {
	return filter{
		match:   func(in *Incident) bool { return f.match(in) || g.match(in) },
		created: f.created.or(g.created), updated: f.updated.or(g.updated),
	}
}

func (f filter) not() filter {
	return filter{match: func(in *Incident) bool { return !f.match(in) }, created: always, updated: always}
}

// parser reads a $filter by recursive descent: or binds loosest, then and, then not.
type parser struct {
	cfg   *Config
	text  string
	rest  []lexeme
	depth int
}

// parseFilter compiles a $filter, or says in Graph's manner why it cannot.
func parseFilter(text string, cfg *Config) (filter, error) {
	lexemes, err := lex(text)
	if err != nil {
		return filter{}, err
	}
	p := &parser{cfg: cfg, text: text, rest: lexemes}
	f, err := p.or()
	if err == nil && p.peek().kind != 0 {
		err = p.unexpected(p.peek())
	}
	return f, err
}

func (p *parser) peek() lexeme { return p.rest[0] }

func (p *parser) next() lexeme {
	l := p.rest[0]
	if l.kind != 0 {
		p.rest = p.rest[1:]
	}
	return l
}

// take steps over the next lexeme if it is the given word or mark.
func (p *parser) take(text string) bool {
	l := p.peek()
	if l.kind == 0 || l.kind == 's' || l.text != text {
		return false
	}
	p.next()
	return true
}

func (p *parser) unexpected(l lexeme) error {
	return queryErrorf("Syntax error at position %d in '%s'.", l.at, p.text)
}

func (p *parser) or() (filter, error) {
	f, err := p.and()
	for err == nil && p.take("or") {
		if p.cfg.RefuseOr {
			return f, queryErrorf("The 'or' operator is not supported.")
		}
		var g filter
		g, err = p.and()
		f = f.or(g)
	}
	return f, err
}

func (p *parser) and() (filter, error) {
	f, err := p.term()
	for err == nil && p.take("and") {
		var g filter
		g, err = p.term()
		f = f.and(g)
	}
	return f, err
}

// term is a comparison, a parenthesis, or the negation of a parenthesis: in OData, not binds
// closer than eq, so that "not status eq 'active'" would negate the status.
func (p *parser) term() (filter, error) {
	if p.take("not") {
		if p.cfg.RefuseNot {
			return filter{}, queryErrorf("The 'not' operator is not supported.")
		}
		f, err := p.parenthesis()
		return f.not(), err
	}
	if p.peek().kind != '(' {
		return p.comparison()
	}
	if p.cfg.RefuseParentheses {
		return filter{}, queryErrorf("Parentheses are not supported in the filter.")
	}
	return p.parenthesis()
}

func (p *parser) parenthesis() (filter, error) {
	if p.depth++; p.depth > 100 {
		return filter{}, queryErrorf("The node count limit of '100' has been exceeded.")
	}
	if !p.take("(") {
		return filter{}, p.unexpected(p.peek())
	}
	f, err := p.or()
	if err == nil && !p.take(")") {
		err = p.unexpected(p.peek())
	}
	return f, err
}

func (p *parser) comparison() (filter, error) {
	name := p.next()
	if name.kind != 'w' {
		return filter{}, p.unexpected(name)
	}
	if !filterable(name.text) {
		return filter{}, queryErrorf("Could not find a property named '%s' that supports filtering.", name.text)
	}
	if name.text == "status" && p.cfg.RefuseStatusFilter {
		return filter{}, queryErrorf("Filtering on property 'status' is not supported.")
	}
	if p.take("in") {
		return p.in(name.text)
	}
	operator := p.next()
	if operator.kind != 'w' {
		return filter{}, p.unexpected(operator)
	}
	f, err := p.compile(name.text, operator.text, p.next())
	if name.text == "status" && p.cfg.IgnoreStatusFilter {
		return matchAll, err
	}
	return f, err
}

// in is a membership test: property in ('one','two').
func (p *parser) in(property string) (filter, error) {
	if p.cfg.RefuseIn {
		return filter{}, queryErrorf("The 'in' operator is not supported.")
	}
	if !p.take("(") {
		return filter{}, p.unexpected(p.peek())
	}
	members := matchAll.not()
	for {
		f, err := p.compile(property, "eq", p.next())
		if err != nil {
			return f, err
		}
		members = members.or(f)
		if p.take(")") {
			break
		}
		if !p.take(",") {
			return members, p.unexpected(p.peek())
		}
	}
	if property == "status" && p.cfg.IgnoreStatusFilter {
		return matchAll, nil
	}
	return members, nil
}

// filterable are the seven properties that Graph filters by; priorityScore is not one.
func filterable(property string) bool {
	return slices.Contains([]string{"assignedTo", "classification", "createdDateTime", "determination",
		"lastUpdateDateTime", "severity", "status"}, property)
}
