package containers

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"testing"
)

// answers returns an error unless a Prometheus has series for a query.
func answers(prometheus, query string, parameters ...string) error {
	values := url.Values{"query": {query}}
	for i := 0; i+1 < len(parameters); i += 2 {
		values.Set(parameters[i], parameters[i+1])
	}
	page, err := fetch(prometheus + "/api/v1/query?" + values.Encode())
	if err != nil {
		return err
	}
	var answer struct{ Data struct{ Result []any } }
	if err := json.Unmarshal([]byte(page), &answer); err != nil {
		return err
	}
	if len(answer.Data.Result) == 0 {
		return fmt.Errorf("no series for %s", query)
	}
	return nil
}

// stamp writes a Unix time as Prometheus reads it.
func stamp(seconds int64) string { return strconv.FormatInt(seconds, 10) }

// dies ends the process of a container, as a fault would: asking the engine to end it would tell
// the engine that it is meant.
func dies(t *testing.T, container string) {
	t.Helper()
	pid, err := strconv.Atoi(output(t, "docker", "inspect", "--format={{.State.Pid}}", container))
	if err != nil || pid <= 1 {
		t.Fatal(pid, err)
	}
	process, err := os.FindProcess(pid)
	if err == nil {
		err = process.Kill()
	}
	if err != nil {
		t.Fatal(err)
	}
}
