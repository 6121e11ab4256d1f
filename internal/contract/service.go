package contract

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// serviceQuestions are about all answers together. They ask nothing more.
func serviceQuestions() []question {
	ofAll := func(name, assumed string, sure certainty, matters string, tell func(context.Context, *inquiry) answer) question {
		return question{name, assumed, sure, matters, "all of the above", tell}
	}
	return []question{
		ofAll("wrapper of a list", "@odata.context beside value", high, "graphclient/parse.go", tellWrapper),
		ofAll("Prefer", "answered with Preference-Applied", low, "graphclient/request.go", tellPreference),
		ofAll("Date", "in every answer; of one clock, or of several", open, "internal/serviceclock/clock.go", tellDate),
		ofAll("refusals", "status 400 and JSON, perhaps without a code", high, "graphclient/errorbody.go", tellRefusals),
		ofAll("throttling", "429, with Retry-After or without", medium, "graphclient/limiter.go", tellThrottling),
		ofAll("incomplete answers", "206 with a Warning", low, "graphclient/errorbody.go", tellIncomplete),
	}
}

func tellWrapper(ctx context.Context, in *inquiry) answer {
	if in.first(ctx).context {
		return answerf(agrees, "@odata.context and value")
	}
	return answerf(differs, "value without @odata.context")
}

func tellPreference(ctx context.Context, in *inquiry) answer {
	if in.first(ctx).preference {
		return answerf(agrees, "with Preference-Applied")
	}
	return answerf(differs, "without Preference-Applied")
}

// steady is how far apart dates in whole seconds may be that are of one clock.
const steady = 2 * time.Second

func tellDate(_ context.Context, in *inquiry) answer {
	if len(in.skews) == 0 {
		return answerf(differs, "in no answer")
	}
	least, most := slices.Min(in.skews), slices.Max(in.skews)
	text := fmt.Sprintf("ahead of the clock of this host by %s to %s", least, most)
	if least == most {
		text = fmt.Sprintf("ahead of the clock of this host by %s", least)
	}
	switch {
	case in.undated > 0:
		return answerf(differs, "missing from some answers; %s", text)
	case most-least > steady:
		return answerf(differs, "%s, and so of several clocks, or of one that was set", text)
	}
	return answerf(agrees, "%s", text)
}

// joined joins different texts, each once, as they came.
func joined(texts []string) string {
	var once []string
	for _, t := range texts {
		if !slices.Contains(once, t) {
			once = append(once, t)
		}
	}
	slices.Sort(once)
	return strings.Join(once, "; ")
}

func tellRefusals(_ context.Context, in *inquiry) answer {
	var texts []string
	v := agrees
	for _, r := range in.refused {
		switch r.status {
		case http.StatusTooManyRequests, http.StatusNotFound, http.StatusPartialContent:
			continue
		case http.StatusBadRequest:
		default:
			v = differs
		}
		if r.form != "JSON" {
			v = differs
		}
		texts = append(texts, fmt.Sprintf("%d, %s, %s", r.status, r.form, r.code))
	}
	if texts == nil {
		return answerf(unseen, "nothing was refused")
	}
	return answerf(v, "%s", joined(texts))
}

func tellThrottling(_ context.Context, in *inquiry) answer {
	var texts []string
	for _, r := range in.refused {
		if r.status == http.StatusTooManyRequests {
			texts = append(texts, strings.Join(append([]string{r.form, string(r.code), r.retryAfter}, r.limits...), ", "))
		}
	}
	if texts == nil {
		return answerf(unseen, "no 429 in %d requests", in.spent)
	}
	return answerf(agrees, "429: %s", joined(texts))
}

func tellIncomplete(_ context.Context, in *inquiry) answer {
	for _, r := range in.refused {
		if r.status == http.StatusPartialContent {
			return answerf(agrees, "206 came")
		}
	}
	return answerf(unseen, "none came")
}
