package mirror

import "math/rand/v2"

// shapes are how incidents may be spread over the time for which Graph keeps them:
// each returns the age of the next one in seconds.
var shapes = map[string]func(rng *rand.Rand) func(i, n int) float64{
	"even":       evenly(180),
	"even, 90 d": evenly(90),
	"even, 7 d":  evenly(7),
	"chance": func(rng *rand.Rand) func(i, n int) float64 {
		return func(int, int) float64 { return rng.Float64() * 180 * 86400 }
	},
	"days and nights": func(rng *rand.Rand) func(i, n int) float64 {
		return func(int, int) float64 { return float64(rng.IntN(180))*86400 + rng.NormFloat64()*2*3600 + 43200 }
	},
	"the last hour": func(rng *rand.Rand) func(i, n int) float64 {
		return func(int, int) float64 { return rng.Float64() * 3600 }
	},
	"20 in a minute":   bursts(20, 60),
	"70 in a minute":   bursts(70, 60),
	"100 in 10 s":      bursts(100, 10),
	"200 in 10 min":    bursts(200, 600),
	"500 in a minute":  bursts(500, 60),
	"1000 in 10 hours": bursts(1000, 36000),
	"60 in a second":   bursts(60, 0),
	"310 in a second":  bursts(310, 0),
}

// evenly spreads incidents over so many days.
func evenly(days float64) func(rng *rand.Rand) func(i, n int) float64 {
	return func(*rand.Rand) func(i, n int) float64 {
		return func(i, n int) float64 { return (float64(i) + 0.5) / float64(n) * days * 86400 }
	}
}

// bursts spreads incidents in so many at a time, within so many seconds.
func bursts(size int, width float64) func(rng *rand.Rand) func(i, n int) float64 {
	return func(rng *rand.Rand) func(i, n int) float64 {
		var at float64
		return func(i, _ int) float64 {
			if i%size == 0 {
				at = rng.Float64() * 179 * 86400
			}
			return at + rng.Float64()*width
		}
	}
}
