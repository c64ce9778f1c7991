package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestThePageNamesEveryTopicInTheirOrder(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "doctor.md"))
	if err != nil {
		t.Fatal(err)
	}
	rest := string(page)
	for _, topic := range Topics.Codes() {
		_, after, found := strings.Cut(rest, fmt.Sprintf("\n| `%s` |", topic))
		if !found {
			t.Errorf("docs/doctor.md has no row for %s in its place", topic)
			continue
		}
		rest = after
	}
	for _, limit := range []string{fmt.Sprintf("less than %d MiB free", roomServedMin>>20),
		fmt.Sprintf("less than %d GiB or %d %% free", roomWarning>>30, roomPercent),
		fmt.Sprintf("older than %.0f hours", backupWarning.Hours()), fmt.Sprintf("older than %.0f days",
			backupWrong.Hours()/24),
		fmt.Sprintf("without its quorum, for %.0f hours", unsealedMax.Hours()),
		fmt.Sprintf("less than %d µs", syncHonouredMin.Microseconds()), fmt.Sprintf("for %d s", feedSecondsMax),
		fmt.Sprintf("ends within %.0f days", endWarning.Hours()/24), fmt.Sprintf("ends within %.0f days",
			endWrong.Hours()/24)} {
		if !strings.Contains(string(page), limit) {
			t.Errorf("docs/doctor.md does not say %q", limit)
		}
	}
}
