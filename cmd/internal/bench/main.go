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
	"unicode/utf8"

	"github.com/heronmail/heron/sync/mailtest"
)

// options are what the command line asks for.
type options struct {
	bin      string
	only     string
	idle     time.Duration
	settle   time.Duration
	messages int // of corpus L
	folders  int // it is in
	stored   int // in the large store
}

// row is a line of the table.
type row struct{ what, got, aim, peer string }

// bench measures one thing.
type bench struct {
	name string
	run  func(ctx context.Context, t mailtest.TB, o options) ([]row, error)
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "folder of heron, heron-window and heronctl")
	flag.StringVar(&o.only, "only", "", "names of the rows to measure, joined by commas: told, sync, million, window, idle, accounts")
	quick := flag.Bool("quick", false, "less of everything, to see that it works")
	flag.DurationVar(&o.idle, "idle", 5*time.Minute, "how long the agent is watched at rest")
	flag.DurationVar(&o.settle, "settle", 90*time.Second, "how long it may settle before that")
	flag.IntVar(&o.messages, "messages", 50_000, "messages that are indexed")
	flag.IntVar(&o.folders, "folders", 40, "folders that they are in")
	flag.IntVar(&o.stored, "stored", 1_000_000, "messages of the large store")
	flag.Parse()
	if *quick {
		o.idle, o.settle, o.messages, o.folders, o.stored = 20*time.Second, 20*time.Second, 6000, 10, 50_000
	}
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
	benches := []bench{{"told", told}, {"sync", syncing}, {"million", million}, {"window", window}, {"idle", idle}, {"accounts", idleAccounts}}
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
	all := append([]row{{"what", "measured", "aim", "mbsync"}, {}}, rows...)
	cells := make([][4]string, len(all))
	var width [4]int
	for i, r := range all {
		cells[i] = [4]string{r.what, r.got, r.aim, r.peer}
		for k, c := range cells[i] {
			width[k] = max(width[k], utf8.RuneCountInString(c))
		}
	}
	for k, w := range width {
		cells[1][k] = strings.Repeat("-", w)
	}
	for _, row := range cells {
		for k, c := range row {
			fmt.Printf("| %-*s ", width[k], c)
		}
		fmt.Println("|")
	}
}
