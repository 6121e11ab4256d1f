package statuspage

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The size of a chart in the units of its drawing.
const (
	width, height = 640, 180
	left, right   = 48, 8
	top, bottom   = 10, 24
)

// A chart is a drawing of the last hour.
type chart struct {
	Title, Summary string
	Start          string // how long ago it begins
	Keys           []key
	Shapes         []shape
	Marks          []mark // on the vertical axis
	Width, Height  int
	Left, Right    int // of what is drawn
	Base           int
}

// least is the shortest time that a chart shows: a point in each of the bars of the flow.
const least = bins * spacing

// shownSpan returns how much of the last hour the charts show: not more than there is.
func (m moment) shownSpan(now time.Time) time.Duration {
	if len(m.points) == 0 {
		return least
	}
	return min(hour, max(least, now.Sub(m.points[0].at)))
}

// A key says what a colour means.
type key struct{ Class, Name string }

// A shape is one that is filled.
type shape struct{ Class, Path string }

// A mark is a value of the vertical axis.
type mark struct {
	Y     int
	Value int
}

func newChart(title, text string, most int, shows time.Duration, keys ...key) *chart {
	c := &chart{Title: title, Summary: text, Start: span(shows) + " ago", Keys: keys, Width: width, Height: height, Left: left, Right: width - right, Base: height - bottom}
	c.Marks = []mark{{height - bottom, 0}, {int(yOf(most, most)), most}}
	return c
}

// xOf returns where on the horizontal axis, which ends now, something is that was so long ago.
func xOf(ago, shows time.Duration) float64 {
	return width - right - (width-left-right)*min(1, ago.Seconds()/shows.Seconds())
}

// yOf returns where a value is on the vertical axis.
func yOf(value, most int) float64 {
	return height - bottom - float64((height-top-bottom)*value)/float64(max(1, most))
}

// ceiling returns a round number that is not below n.
func ceiling(n int) int {
	for unit := 1; ; unit *= 10 {
		for _, step := range []int{1, 2, 5} {
			if 4*unit*step >= n {
				return (n + unit*step - 1) / (unit * step) * unit * step
			}
		}
	}
}

// openChart draws the open incidents by severity, one upon the other. Where there were no numbers
// there is a gap.
func (m moment) openChart(now time.Time) *chart {
	runs, shows := m.runs(now), m.shownSpan(now)
	lowest, highest := -1, 0
	var keys []key
	for _, run := range runs {
		for _, p := range run {
			total := p.upTo(shown)
			highest = max(highest, total)
			if lowest < 0 || total < lowest {
				lowest = total
			}
		}
	}
	if lowest < 0 {
		return nil
	}
	for _, name := range m.severities() {
		keys = append(keys, key{"c" + name, name})
	}
	c := newChart("Open incidents by severity", fmt.Sprintf("Between %d and %d in the last %s.", lowest, highest, span(shows)), max(4, ceiling(highest)), shows, keys...)
	for i := range scale {
		for _, run := range runs {
			if !slices.ContainsFunc(run, func(p point) bool { return p.open[i] > 0 }) {
				continue
			}
			c.Shapes = append(c.Shapes, shape{"c" + scale[i], band(run, i, c.Marks[1].Value, func(at time.Time) float64 { return xOf(now.Sub(at), shows) })})
		}
	}
	return c
}

// runs returns the points of the last hour in pieces without a gap.
func (m moment) runs(now time.Time) (runs [][]point) {
	var last *point
	for i, p := range m.points {
		if !p.known || now.Sub(p.at) > hour {
			last = nil
			continue
		}
		if last == nil || p.at.Sub(last.at) > hour/6 {
			runs = append(runs, nil)
		}
		runs[len(runs)-1] = append(runs[len(runs)-1], p)
		last = &m.points[i]
	}
	return runs
}

// upTo returns how many incidents are open of the first severities.
func (p *point) upTo(n int) (total int) {
	for _, count := range p.open[:n] {
		total += count
	}
	return total
}

// band returns the path of one severity above those that are worse. A single point is as wide as
// the time between two.
func band(run []point, severity, most int, x func(time.Time) float64) string {
	if len(run) == 1 {
		earlier := run[0]
		earlier.at = earlier.at.Add(-spacing)
		run = []point{earlier, run[0]}
	}
	var path []byte
	add := func(p *point, upTo int) {
		path = strconv.AppendFloat(append(path, 'L'), x(p.at), 'f', 1, 64)
		path = strconv.AppendFloat(append(path, ' '), yOf(p.upTo(upTo), most), 'f', 1, 64)
	}
	for i := range run {
		add(&run[i], severity+1)
	}
	for i := range slices.Backward(run) {
		add(&run[i], severity)
	}
	path[0] = 'M'
	return string(append(path, 'Z'))
}

// bins is how many bars of each colour the chart of the flow has.
const bins = 12

// flowChart draws how many incidents were opened and resolved in each twelfth of the time.
func (m moment) flowChart(now time.Time) *chart {
	if len(m.points) == 0 {
		return nil
	}
	shows := m.shownSpan(now)
	var opened, resolved [bins]int
	for i := range m.points[1:] {
		before, p := &m.points[i], &m.points[i+1]
		if ago := now.Sub(p.at); ago >= 0 && ago < shows {
			bin := bins - 1 - int(ago*bins/shows)
			opened[bin] += max(0, p.opened-before.opened)
			resolved[bin] += max(0, p.resolved-before.resolved)
		}
	}
	most, in, out := 4, 0, 0
	for i := range bins {
		most = max(most, opened[i], resolved[i])
		in, out = in+opened[i], out+resolved[i]
	}
	c := newChart("Opened and resolved, by "+span(shows/bins), fmt.Sprintf("%d opened and %d resolved in the last %s.", in, out, span(shows)), ceiling(most), shows,
		key{"copened", "opened"}, key{"cresolved", "resolved"})
	for i := range bins {
		x := xOf(shows-time.Duration(i)*shows/bins, shows)
		c.Shapes = append(c.Shapes,
			shape{"copened", bar(x+4, opened[i], c.Marks[1].Value)},
			shape{"cresolved", bar(x+24, resolved[i], c.Marks[1].Value)})
	}
	return c
}

// bar returns the path of a bar.
func bar(x float64, value, most int) string {
	y := yOf(value, most)
	return fmt.Sprintf("M%.1f %dV%.1fH%.1fV%dZ", x, height-bottom, y, x+18, height-bottom)
}
