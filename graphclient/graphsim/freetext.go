package graphsim

import (
	"strings"
	"time"
)

// A dice is a source of random numbers that is the same each time for the same incident.
type dice uint64

func diceFor(id string) *dice {
	d := dice(14695981039346656037)
	for _, c := range []byte(id) {
		d = (d ^ dice(c)) * 1099511628211
	}
	return &d
}

func (d *dice) roll(n int) int {
	*d = dice(splitmix64(uint64(*d)))
	return int(uint64(*d) % uint64(n))
}

func (d *dice) pick(pool []string) string { return pool[d.roll(len(pool))] }

// addFreeText adds invented free text to an incident, the same each time, so that a row has the
// size of a real one: one and a half to three kilobytes.
func (s *Sim) addFreeText(w *wire, in *Incident) {
	d := diceFor(in.ID)
	tenant := s.cfg.TenantID
	if tenant == "" {
		tenant = "6f1d3f0e-7c9b-4c6a-9a43-0d6f2f6f7a11"
	}
	w.TenantID = &tenant
	w.WebURL = new("https://security.microsoft.com/incident2/" + in.ID + "/overview?tid=" + tenant)
	if w.DisplayName == nil {
		w.DisplayName = new(d.pick(titles))
	}
	w.Description = new(d.paragraph(findings, 3+d.roll(2)))
	w.LastModifiedBy = new(d.pick([]string{"Microsoft 365 Defender-AlertCorrelation", "API-SecurityOperations", analysts[0]}))
	if d.roll(4) > 0 {
		w.Summary = new(d.paragraph(findings, 4+d.roll(3)))
	}
	if d.roll(5) == 0 {
		w.SystemTags = []string{"Defender Experts"}
	}
	if in.Status == "resolved" {
		w.ResolvingComment = new(d.paragraph(remarks, 1))
	}
	w.Comments = d.comments(in)
}

// comments are dated between the incident's two times.
func (d *dice) comments(in *Incident) []comment {
	list := []comment{}
	n := d.roll(4)
	for i := range n {
		at := in.Created.Add(in.Updated.Sub(in.Created) / time.Duration(n) * time.Duration(i))
		list = append(list, comment{Comment: d.paragraph(remarks, 1+d.roll(2)), By: d.pick(analysts), Created: timestamp(wireTime(at))})
	}
	return list
}

// paragraph returns sentences from a pool, each about some machine.
func (d *dice) paragraph(pool []string, sentences int) string {
	var b strings.Builder
	b.Grow(128 * sentences)
	for i := range sentences {
		if i > 0 {
			b.WriteByte(' ')
		}
		before, after, _ := strings.Cut(d.pick(pool), "%s")
		b.WriteString(before)
		b.WriteString(d.pick(hosts))
		b.WriteString(after)
	}
	return b.String()
}

// The names and texts of a company that does not exist.
var (
	analysts = []string{"amara.okafor@contoso.com", "jonas.lindqvist@contoso.com", "mei.tanaka@contoso.com",
		"priya.raman@contoso.com", "tomas.novak@contoso.com", "soc-tier2@contoso.com"}

	hosts = []string{"WKS-0412", "WKS-1187", "SRV-FILE-02", "SRV-SQL-11", "DC-EU-01", "MAC-0097", "AKS-PROD-3", "VPN-GW-1"}

	titles = []string{
		"Multi-stage incident involving Initial access & Lateral movement on multiple endpoints",
		"Email reported by user as malware or phish involving one user",
		"Suspicious inbox manipulation rule on one mailbox",
		"'Mimikatz' credential theft tool was prevented on one endpoint",
		"Anonymous IP address involving one user",
		"Unfamiliar sign-in properties involving one user",
		"Possible attempt to steal credentials on one endpoint",
		"Suspicious PowerShell command line on multiple endpoints",
		"Ransomware-linked emerging threat activity group detected",
		"Mass download by a single user involving one cloud application",
		"Email messages containing malicious URL removed after delivery",
		"DLP policy match for document with credit card numbers",
		"Connection to adversary-in-the-middle phishing site",
		"Suspicious scheduled task on one endpoint",
	}

	findings = []string{
		"An encoded PowerShell command was started on %s by a document that the user had opened from an e-mail received the same morning.",
		"Sign-ins from an address never seen before were followed by the registration of a new authentication method; the last one reached %s.",
		"Several alerts of this incident share the same account and were raised within twenty minutes of each other on %s.",
		"The file was blocked before execution on %s, but copies of it were found in two shared folders.",
		"The account queried an unusual number of directory objects from %s, which is consistent with reconnaissance.",
		"A rule that forwards and deletes messages mentioning invoices was created in the mailbox shortly after the sign-in from %s.",
		"Network connections from %s to an address on the threat intelligence list were observed and blocked by policy.",
		"The process on %s injected code into a signed system binary and attempted to read credentials from memory.",
		"Data loss prevention matched three documents that were copied from %s to a personal cloud storage account.",
	}

	remarks = []string{
		"Isolated %s and asked the user to call the service desk.",
		"Confirmed with the owner of %s that this was planned work; see the change ticket.",
		"Password reset and sessions revoked; nothing else seen on %s so far.",
		"Waiting for the memory image of %s before going on.",
		"Same pattern as last week on %s, tuning the rule.",
	}
)
