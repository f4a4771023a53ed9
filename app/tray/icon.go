package tray

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"fyne.io/systray"

	"github.com/heronmail/heron/app/tray/badge"
)

// settle is how long a line that does something else than before takes no
// click: whoever clicked had aimed at what stood there.
const settle = 400 * time.Millisecond

// Icon is the tray icon of this process; there is at most one, and it runs
// once.
type Icon struct {
	artist   *badge.Artist
	log      *slog.Logger
	next     chan View // the newest view that was not laid yet
	commands chan Command
	clicks   sync.WaitGroup

	// Of the goroutine that lays views.
	drawn bool
	view  View
	nodes []*node
}

// node is a laid line; item is nil for a separator.
type node struct {
	item     *systray.MenuItem
	children []*node

	mu      sync.Mutex
	command Command
	since   time.Time // when the command changed; zero: never
}

// New returns an icon that shows nothing yet.
func New(artist *badge.Artist, log *slog.Logger) *Icon {
	return &Icon{artist: artist, log: log, next: make(chan View, 1), commands: make(chan Command, 8)}
}

// Commands tells what was clicked. It is never closed; clicks that nobody
// takes are dropped.
func (i *Icon) Commands() <-chan Command { return i.commands }

// Show lays a view, as soon as Run is under way; of several only the last. It
// is called by one goroutine at a time.
func (i *Icon) Show(v View) {
	select {
	case <-i.next: // out of date
	default:
	}
	i.next <- v
}

// Run shows the icon until ctx or the desktop's session ends, then removes it.
// On Windows and macOS it must be called by the main goroutine. Without a tray
// on the desktop it waits: the icon appears when a tray does.
func (i *Icon) Run(ctx context.Context) {
	systray.SetOnTapped(func() { i.click(Command{Kind: Open}) })
	// The first title is the item's id on Linux, by which desktops remember
	// whether it is shown: it must not hold a number.
	systray.SetTitle("heron")
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	run(func() { i.layAll(ctx) }, cancel)
	i.clicks.Wait()
}

// layAll lays views until ctx ends.
func (i *Icon) layAll(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case v := <-i.next:
			i.lay(ctx, v)
		}
	}
}

func (i *Icon) lay(ctx context.Context, v View) {
	if !i.drawn || v.Icon != i.view.Icon {
		if err := i.setIcon(v.Icon); err != nil {
			i.log.Info("tray icon not drawn", "error", err)
		}
	}
	if !i.drawn || v.Tooltip != i.view.Tooltip {
		systray.SetTooltip(v.Tooltip)
	}
	if !i.drawn || v.Title != i.view.Title {
		setTitle(v.Title)
	}
	if i.drawn && sameShape(i.view.Menu, v.Menu) {
		relabel(i.nodes, i.view.Menu, v.Menu)
	} else {
		if i.drawn {
			systray.ResetMenu()
		}
		i.nodes = i.build(ctx, nil, v.Menu)
	}
	i.drawn, i.view = true, v
}

// setIcon draws the icon. When the session bus is gone the library panics; that
// takes the icon away, and must not take the program, which watches mail.
func (i *Icon) setIcon(s badge.Spec) (err error) {
	data, err := encode(i.artist, s)
	if err != nil {
		return err
	}
	defer func() {
		if why := recover(); why != nil {
			err = fmt.Errorf("set tray icon: %v", why)
		}
	}()
	systray.SetIcon(data)
	return nil
}

// sameShape reports whether two menus have the same lines but for what they
// say and do.
func sameShape(a, b []Item) bool {
	return slices.EqualFunc(a, b, func(x, y Item) bool {
		return x.separator() == y.separator() && sameShape(x.Children, y.Children)
	})
}

// relabel changes what differs.
func relabel(nodes []*node, from, to []Item) {
	for i, n := range nodes {
		if n.item == nil {
			continue
		}
		n.mu.Lock()
		if n.command != to[i].Command {
			n.command, n.since = to[i].Command, time.Now()
		}
		n.mu.Unlock()
		if from[i].Text != to[i].Text {
			n.item.SetTitle(escape(to[i].Text))
		}
		relabel(n.children, from[i].Children, to[i].Children)
		switch {
		case to[i].Hidden:
			// Again, if it was hidden: a new text shows a line on some systems.
			if !from[i].Hidden || from[i].Text != to[i].Text {
				n.item.Hide()
			}
		case from[i].Hidden:
			n.item.Show()
		}
	}
}

func (i *Icon) build(ctx context.Context, parent *systray.MenuItem, items []Item) []*node {
	nodes := make([]*node, len(items))
	for k, it := range items {
		n := &node{command: it.Command}
		nodes[k] = n
		switch {
		case it.separator() && parent == nil:
			systray.AddSeparator()
			continue
		case it.separator():
			parent.AddSeparator()
			continue
		case parent == nil:
			n.item = systray.AddMenuItem(escape(it.Text), "")
		default:
			n.item = parent.AddSubMenuItem(escape(it.Text), "")
		}
		n.children = i.build(ctx, n.item, it.Children)
		if len(it.Children) == 0 {
			i.clicks.Go(func() { i.listen(ctx, n) })
		}
		if it.Hidden {
			n.item.Hide()
		}
	}
	return nodes
}

// listen passes on the clicks of a line until it is removed or ctx ends.
func (i *Icon) listen(ctx context.Context, n *node) {
	for {
		select {
		case <-ctx.Done():
			return
		case _, ok := <-n.item.ClickedCh:
			if !ok {
				return
			}
		}
		n.mu.Lock()
		c, since := n.command, n.since
		n.mu.Unlock()
		if time.Since(since) >= settle {
			i.click(c)
		}
	}
}

func (i *Icon) click(c Command) {
	select {
	case i.commands <- c:
	default:
		i.log.Warn("click dropped", "command", string(c.Kind))
	}
}
