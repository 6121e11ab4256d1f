package mirror

// A survey plans the cells of one listing of a span: it halves what overflows.
type survey struct {
	todo  []span
	busy  int
	ended int
}

func newSurvey(whole span, _ []Ticks) *survey { return &survey{todo: []span{whole}} }

func (s *survey) next() (span, bool) {
	n := len(s.todo)
	if n == 0 {
		return span{}, false
	}
	c := s.todo[n-1]
	s.todo = s.todo[:n-1]
	s.busy++
	return c, true
}

func (s *survey) done(span, []Ticks) { s.busy--; s.ended++ }

func (s *survey) fail(c span) {
	s.busy--
	s.todo = append(s.todo, c)
}

func (s *survey) progress() float64 {
	return float64(s.ended) / float64(max(1, s.ended+s.busy+len(s.todo)))
}

// overflow splits a cell; the open ends count as 1990 and 2090 for that.
func (s *survey) overflow(c span, _ []Ticks, _ int) {
	s.busy--
	from, to := max(c.from, Ticks(631152000*ticksPerSecond)), min(c.to, Ticks(3786912000*ticksPerSecond))
	middle := from + (to-from)/2
	middle -= middle % Ticks(ticksPerSecond)
	if middle <= c.from || middle >= c.to {
		middle = c.from + Ticks(ticksPerSecond)
	}
	s.todo = append(s.todo, span{c.from, middle}, span{middle, c.to})
}
