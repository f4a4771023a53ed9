package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/heronmail/heron/sync/mailtest"
)

// options are what the command line asks for.
type options struct {
	bin      string
	only     string
	idle     time.Duration
	settle   time.Duration
	messages int
}

// row is a line of the table.
type row struct{ what, got, aim string }

// bench measures one thing.
type bench struct {
	name string
	run  func(ctx context.Context, t mailtest.TB, o options) ([]row, error)
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "folder of heron, heron-window and heronctl")
	flag.StringVar(&o.only, "only", "", "names of the rows to measure, joined by commas: idle, window, told, index")
	flag.DurationVar(&o.idle, "idle", 5*time.Minute, "how long the agent is watched at rest")
	flag.DurationVar(&o.settle, "settle", 90*time.Second, "how long it may settle before that")
	flag.IntVar(&o.messages, "messages", 20_000, "size of the inbox that is indexed")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

func run(ctx context.Context, o options) error {
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return err
	}
	o.bin = bin
	benches := []bench{{"told", told}, {"index", index}, {"window", window}, {"idle", idle}}
	var rows []row
	for _, b := range benches {
		if o.only != "" && !slices.Contains(strings.Split(o.only, ","), b.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "measuring %s\n", b.name)
		got, err := guarded(ctx, b, o)
		if err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		rows = append(rows, got...)
	}
	printTable(rows)
	return nil
}

// guarded gives a bench what a test has: a Cleanup, and an end at Fatalf.
func guarded(ctx context.Context, b bench, o options) ([]row, error) {
	type result struct {
		rows []row
		err  error
	}
	t := &tb{}
	done := make(chan result, 1)
	go func() {
		r := result{err: errEnded}
		defer func() {
			t.cleanup()
			if t.failure != nil {
				r.err = t.failure
			}
			done <- r
		}()
		r.rows, r.err = b.run(ctx, t, o)
	}()
	r := <-done
	return r.rows, r.err
}

func printTable(rows []row) {
	w := [3]int{}
	all := append([]row{{"what", "measured", "aim"}}, rows...)
	for _, r := range all {
		for i, s := range []string{r.what, r.got, r.aim} {
			w[i] = max(w[i], len([]rune(s)))
		}
	}
	for i, r := range all {
		fmt.Printf("| %-*s | %-*s | %-*s |\n", w[0], r.what, w[1], r.got, w[2], r.aim)
		if i == 0 {
			fmt.Printf("| %s | %s | %s |\n", strings.Repeat("-", w[0]), strings.Repeat("-", w[1]), strings.Repeat("-", w[2]))
		}
	}
}
