package main

import (
	"context"

	"github.com/heronmail/heron/sync/control/api"
	"github.com/heronmail/heron/sync/mail"
)

type messageMove struct {
	Target []string `arg:"" placeholder:"ID PATH UID..."`
	To     string   `placeholder:"PATH"`
	waiting
}

// Run moves messages to another folder of their account.
func (c *messageMove) Run(ctx context.Context, a *app) error {
	return a.transfer(ctx, mail.ActMove, c.Target, c.To, c.waiting)
}

type messageCopy struct {
	Target []string `arg:"" placeholder:"ID PATH UID..."`
	To     string   `placeholder:"PATH"`
	waiting
}

// Run copies messages to a folder of their account.
func (c *messageCopy) Run(ctx context.Context, a *app) error {
	return a.transfer(ctx, mail.ActCopy, c.Target, c.To, c.waiting)
}

func (a *app) transfer(ctx context.Context, kind mail.ActionKind, target []string, to string, w waiting) error {
	if to == "" {
		return usage(a.p.T("ctl.usage.to"))
	}
	return a.actOn(ctx, target, api.Action{Kind: kind, To: to}, w)
}

type messageArchive struct {
	Target []string `arg:"" placeholder:"ID PATH UID..."`
	waiting
}

// Run moves messages to the archive of their account.
func (c *messageArchive) Run(ctx context.Context, a *app) error {
	return a.actOn(ctx, c.Target, api.Action{Kind: mail.ActArchive}, c.waiting)
}

type messageJunk struct {
	Target []string `arg:"" placeholder:"ID PATH UID..."`
	waiting
}

// Run moves messages to the junk folder of their account.
func (c *messageJunk) Run(ctx context.Context, a *app) error {
	return a.actOn(ctx, c.Target, api.Action{Kind: mail.ActJunk}, c.waiting)
}

type messageDelete struct {
	Target []string `arg:"" placeholder:"ID PATH UID..."`
	waiting
}

// Run moves messages to the trash; those that are in it are deleted for good.
func (c *messageDelete) Run(ctx context.Context, a *app) error {
	return a.actOn(ctx, c.Target, api.Action{Kind: mail.ActDelete}, c.waiting)
}
