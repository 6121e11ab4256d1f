package architecture

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

// TestBudget adds up the minutes beside the steps of .ci/run, which are less than 45.
func TestBudget(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, ".ci/run"))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for _, one := range regexp.MustCompile(`(?m)^step .* # (\d+) min`).FindAllSubmatch(text, -1) {
		minutes, err := strconv.Atoi(string(one[1]))
		if err != nil {
			t.Fatal(err)
		}
		sum += minutes
	}
	if sum < 30 || sum >= 45 {
		t.Errorf("the budgets add up to %d minutes, want less than 45", sum)
	}
}
