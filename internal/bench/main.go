// Command bench measures this project beside its peers and beside the floor,
// the least that a correct program must do, and prints one Markdown table. It
// is a module of its own, so that the peers are nobody's dependencies.
//
//	go run . [-part steady,storm] [-rounds 21] [-profile folder]
//
// Only ratios within one run mean anything: subjects take turns, a short batch
// each, and what is printed are medians: of the rounds, and of the ratios in
// each round.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A part measures one thing and reports on it.
type part struct {
	name, title string
	run         func(*report, settings)
}

// settings are what the command line says.
type settings struct {
	rounds int
	batch  time.Duration // that one subject's turn takes
}

var parts = []part{
	{"steady", "a warm request", steady},
	{"parallel", "warm requests on all processors", parallel},
	{"accounts", "finding a source and its token", accounts},
	{"headers", "reading a challenge", headers},
	{"challenge", "a whole answered challenge, without latency", challenges},
	{"storm", "one revocation met by many: token requests / ms", storms},
	{"coldstart", "a caller with 30 ms, a token endpoint with 300 ms", coldStart},
	{"refresh", "refresh when due, a token endpoint with 50 ms", refreshes},
	{"replay", "a challenged upload", replays},
}

func main() {
	var s settings
	which := flag.String("part", "", "parts to run, separated by commas; none: all")
	flag.IntVar(&s.rounds, "rounds", 21, "turns that each subject has")
	flag.DurationVar(&s.batch, "batch", 20*time.Millisecond, "that a turn takes")
	profile := flag.String("profile", "", "folder for the CPU, mutex and block profiles of our own warm requests; nothing else is run")
	flag.Parse()
	if *profile != "" {
		if err := profileWarm(*profile); err != nil {
			log.Fatal(err)
		}
		return
	}
	r := newReport(os.Stdout)
	fmt.Printf("%s, %s/%s, %d processors, %s; medians of %d rounds\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), processor(), s.rounds)
	r.head()
	for _, p := range parts {
		if *which == "" || slices.Contains(strings.Split(*which, ","), p.name) {
			r.part(p.title)
			p.run(r, s)
		}
	}
}

// processor is the name of the machine's processor, as far as Linux tells.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown processor"
	}
	_, after, _ := strings.Cut(string(info), "model name")
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(strings.TrimLeft(line, "\t :"))
}
