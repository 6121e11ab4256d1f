package graphsim

import (
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageSize is the largest $top, and the size of a page without one.
const pageSize = 50

// options are the query options of a list, understood.
type options struct {
	raw        url.Values // as sent, or as the $skiptoken holds them
	top, skip  int
	total      bool // nothing follows after top
	filter     filter
	count      bool
	expand     bool
	properties []string // of $select; nil: all
	orderBy    *Order
	empties    int // empty pages sent so far on the way to this one
}

// parseOptions understands the query of a list, or says in Graph's manner why it cannot.
// An unknown option is refused, since a client that counts on it is wrong.
func parseOptions(query url.Values, cfg *Config) (*options, error) {
	query, err := unpackToken(query)
	if err != nil {
		return nil, err
	}
	o := &options{raw: query, top: cfg.PageSize, filter: matchAll}
	for name, values := range query {
		if len(values) != 1 {
			return nil, queryErrorf("Query option '%s' was specified more than once, but it must be specified at most once.", name)
		}
		if err := o.set(name, values[0], cfg); err != nil {
			return nil, err
		}
	}
	o.top = min(o.top, cfg.PageSize)
	return o, nil
}

func (o *options) set(name, value string, cfg *Config) (err error) {
	switch name {
	case "$top":
		if o.top, err = number(name, value); o.top > cfg.MaxTop {
			err = queryErrorf("The limit of '%d' for Top query has been exceeded. The value from the incoming request is '%s'.", cfg.MaxTop, value)
		}
		o.total = cfg.TopIsTotal
	case "$skip":
		if o.skip, err = number(name, value); cfg.RefuseDeepSkip && cfg.DeepSkip > 0 && o.skip >= cfg.DeepSkip {
			err = queryErrorf("The limit of '%d' for Skip query has been exceeded. The value from the incoming request is '%s'.", cfg.DeepSkip-1, value)
		}
	case "$skiptoken":
		o.empties, err = number(name, value)
	case "$filter":
		o.filter, err = parseFilter(value, cfg)
	case "$count":
		return o.setCount(value, cfg)
	case "$expand":
		if o.expand = true; value != "alerts" {
			err = queryErrorf("Could not find a property named '%s'.", value)
		}
	case "$select":
		return o.setSelect(value, cfg)
	case "$orderby":
		return o.setOrderBy(value, cfg)
	default:
		err = queryErrorf("The query parameter '%s' is not supported.", name)
	}
	return err
}

func number(name, value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 {
		return 0, queryErrorf("Invalid value '%s' for %s query option found. The %s query option requires a non-negative integer value.", value, name, name)
	}
	return n, nil
}

func (o *options) setCount(value string, cfg *Config) error {
	if cfg.RefuseCount {
		return queryErrorf("Query option 'Count' is not allowed.")
	}
	if value != "true" && value != "false" {
		return queryErrorf("Invalid value '%s' for $count query option found. Valid values are 'true' or 'false'.", value)
	}
	o.count = value == "true" && !cfg.IgnoreCount
	return nil
}

func (o *options) setSelect(value string, cfg *Config) error {
	if cfg.RefuseSelect {
		return queryErrorf("Query option 'Select' is not allowed.")
	}
	for property := range strings.SplitSeq(value, ",") {
		if property = strings.TrimSpace(property); !slices.Contains(properties, property) {
			return queryErrorf("Could not find a property named '%s' on type 'microsoft.graph.security.incident'.", property)
		}
		o.properties = append(o.properties, property)
	}
	if cfg.IgnoreSelect {
		o.properties = nil
	}
	return nil
}

// setOrderBy understands one of the two dates, in either direction.
func (o *options) setOrderBy(value string, cfg *Config) error {
	if cfg.RefuseOrderBy {
		return queryErrorf("Query option 'OrderBy' is not allowed.")
	}
	orders := map[string]Order{
		"createdDateTime": CreatedAscending, "createdDateTime asc": CreatedAscending, "createdDateTime desc": CreatedDescending,
		"lastUpdateDateTime": UpdatedAscending, "lastUpdateDateTime asc": UpdatedAscending, "lastUpdateDateTime desc": UpdatedDescending,
	}
	order, ok := orders[strings.Join(strings.Fields(value), " ")]
	if !ok {
		return queryErrorf("The $orderby expression '%s' is not supported.", value)
	}
	if !cfg.IgnoreOrderBy {
		o.orderBy = &order
	}
	return nil
}

// nextLink returns where the list goes on: at another position of it, asked for anew.
// empties tells apart the links that follow an empty page and lead to the same position.
func (o *options) nextLink(c *call, form Form, skip, empties int) string {
	next := url.Values{}
	maps.Copy(next, o.raw)
	next.Set("$skip", strconv.Itoa(skip))
	next.Del("$skiptoken")
	if empties > 0 {
		next.Set("$skiptoken", strconv.Itoa(empties))
	}
	if form == SkipWithoutFilter {
		next.Del("$filter")
	}
	if form == Token {
		next = url.Values{"$skiptoken": {tokenPrefix + base64.RawURLEncoding.EncodeToString([]byte(next.Encode()))}}
	}
	return c.base + c.URL.Path + "?" + strings.ReplaceAll(next.Encode(), "%24", "$")
}

// tokenPrefix marks a $skiptoken that holds a whole query.
const tokenPrefix = "Q"

// unpackToken returns the query that a $skiptoken holds, or the query itself.
func unpackToken(query url.Values) (url.Values, error) {
	token, ok := strings.CutPrefix(query.Get("$skiptoken"), tokenPrefix)
	if !ok {
		return query, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil && len(query) == 1 {
		query, err = url.ParseQuery(string(text))
	} else {
		err = queryErrorf("Skip token is invalid.")
	}
	return query, err
}
