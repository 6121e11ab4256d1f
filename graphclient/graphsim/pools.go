package graphsim

// A choice is one of several things, as likely as its weight says.
type choice struct {
	weight int
	value  string
}

var (
	severities = []choice{{28, "informational"}, {31, "low"}, {30, "medium"}, {11, "high"}}

	tags = []string{"vip", "finance", "red-team", "repeat-offender", "tier0", "ot-network"}

	classifications = []choice{{35, "truePositive"}, {25, "informationalExpectedActivity"}, {40, "falsePositive"}}

	determinations = map[string][]string{
		"truePositive": {"malware", "phishing", "compromisedAccount", "multiStagedAttack",
			"maliciousUserActivity", "unwantedSoftware", "apt"},
		"informationalExpectedActivity": {"securityTesting", "confirmedActivity", "lineOfBusinessApplication"},
		"falsePositive":                 {"notMalicious", "notEnoughDataToValidate", "other"},
	}

	// scores is from where to where priority scores go, by severity: related to it, not the same.
	scores = map[string][2]int{
		"informational": {1, 28}, "low": {4, 45}, "medium": {14, 90}, "high": {35, 99},
	}
)

// A resolution is the classification and the determination of a resolved incident.
type resolution struct{ classification, determination string }

// drawResolution returns a resolution by chance.
func (st *Story) drawResolution() resolution {
	classification := st.weighted(classifications)
	return resolution{classification, st.pick(determinations[classification])}
}

func (st *Story) score(severity string) int {
	r := scores[severity]
	return r[0] + st.rng.IntN(r[1]-r[0]+1)
}

func (st *Story) pick(pool []string) string { return pool[st.rng.IntN(len(pool))] }

func (st *Story) weighted(choices []choice) string {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	roll := st.rng.IntN(total)
	for _, c := range choices {
		if roll -= c.weight; roll < 0 {
			return c.value
		}
	}
	panic("unreachable")
}
