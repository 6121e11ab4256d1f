package statuspage

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The size of a chart in the units of its drawing, which the page stretches to the room that there is.
const width, height = 600, 150

// A chart is a drawing of the last hour.
type chart struct {
	Title, Summary string
	Start          string // how long ago it begins
	Keys           []key
	Shapes         []shape
	Width, Height  int
	Top            int // the value at the upper end of the vertical axis; at the lower one it is 0
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

// newChart returns a chart that shows so long a time and is empty but for the gaps in it.
func newChart(title, text string, top int, shows time.Duration, gaps []shape, keys ...key) *chart {
	c := &chart{Title: title, Summary: text + span(shows) + ".", Start: span(shows) + " ago", Keys: keys, Shapes: gaps, Width: width, Height: height, Top: top}
	if len(gaps) > 0 {
		c.Summary = text + span(shows) + ", as far as there were numbers."
		c.Keys = append(c.Keys, key{"cgap", "no numbers"})
	}
	return c
}

// xOf returns where on the horizontal axis, which ends now, something is that was so long ago.
func xOf(ago, shows time.Duration) float64 {
	return width - width*max(0, min(1, ago.Seconds()/shows.Seconds()))
}

// yOf returns where a value is on the vertical axis.
func yOf(value, top int) float64 {
	return height - float64(height*value)/float64(max(1, top))
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

// openChart draws the open incidents by severity, one upon the other.
func (m moment) openChart(now time.Time) *chart {
	runs, shows := m.runs(now), m.shownSpan(now)
	all := slices.Concat(runs...)
	if len(all) == 0 {
		return nil
	}
	totals := make([]int, len(all))
	for i := range all {
		totals[i] = all[i].upTo(shown)
	}
	lowest, highest := slices.Min(totals), slices.Max(totals)
	text := fmt.Sprintf("Between %d and %d in the last ", lowest, highest)
	if lowest == highest {
		text = fmt.Sprintf("Always %d in the last ", lowest)
	}
	c := newChart("Open incidents by severity", text, max(4, ceiling(highest)), shows, gaps(runs, now, shows), keysOf(all)...)
	for i := range scale {
		for _, run := range runs {
			if slices.ContainsFunc(run, func(p point) bool { return p.open[i] > 0 }) {
				c.Shapes = append(c.Shapes, shape{"c" + scale[i], band(run, i, c.Top, func(at time.Time) float64 { return xOf(now.Sub(at), shows) })})
			}
		}
	}
	return c
}

// keysOf returns what the colours of a chart mean, those of rare severities only where they are in it.
func keysOf(all []point) (keys []key) {
	for i, name := range scale {
		if !rare(name) || slices.ContainsFunc(all, func(p point) bool { return p.open[i] > 0 }) {
			keys = append(keys, key{"c" + name, name})
		}
	}
	return keys
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

// gaps returns where in the time that is shown there were no numbers.
func gaps(runs [][]point, now time.Time, shows time.Duration) (all []shape) {
	from := 0.0
	add := func(upTo float64) {
		if upTo-from >= 1 {
			all = append(all, shape{"cgap", fmt.Sprintf("M%.1f 0H%.1fV%dH%.1fZ", from, upTo, height, from)})
		}
	}
	for _, run := range runs {
		add(xOf(now.Sub(run[0].at), shows))
		from = xOf(now.Sub(run[len(run)-1].at), shows)
	}
	add(width)
	return all
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
	runs, shows := m.runs(now), m.shownSpan(now)
	if len(runs) == 0 {
		return nil
	}
	var opened, resolved [bins]int
	for _, run := range runs { // what has come while nobody looked is of no known time
		for i := range run[1:] {
			before, p := &run[i], &run[i+1]
			if ago := now.Sub(p.at); ago >= 0 && ago < shows {
				bin := bins - 1 - int(ago*bins/shows)
				opened[bin] += max(0, p.opened-before.opened)
				resolved[bin] += max(0, p.resolved-before.resolved)
			}
		}
	}
	top, in, out := 4, 0, 0
	for i := range bins {
		top = max(top, opened[i], resolved[i])
		in, out = in+opened[i], out+resolved[i]
	}
	c := newChart("Opened and resolved, by "+span(shows/bins), fmt.Sprintf("%d opened and %d resolved in the last ", in, out), ceiling(top), shows, gaps(runs, now, shows),
		key{"copened", "opened"}, key{"cresolved", "resolved"})
	for i := range bins {
		c.bar("copened", i*width/bins+6, opened[i])
		c.bar("cresolved", i*width/bins+26, resolved[i])
	}
	return c
}

// bar adds a bar, unless it has no height.
func (c *chart) bar(class string, x, value int) {
	if value > 0 {
		c.Shapes = append(c.Shapes, shape{class, fmt.Sprintf("M%d %dV%.1fH%dV%dZ", x, height, yOf(value, c.Top), x+18, height)})
	}
}
