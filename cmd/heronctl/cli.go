package main

import (
	"errors"

	"github.com/alecthomas/kong"
)

// cli is the command line. Its texts are in the catalogue, see help.go.
type cli struct {
	DataDir *string     `name:"data-dir" placeholder:"DIR"` // nil: the user's own folders
	JSON    bool        `name:"json"`
	Version versionFlag `name:"version"`
	Help    helpFlag    `name:"help" short:"h"`

	Account struct {
		Add    accountAdd    `cmd:""`
		List   accountList   `cmd:""`
		Test   accountTest   `cmd:""`
		SignIn accountSignIn `cmd:""`
		Remove accountRemove `cmd:""`
	} `cmd:""`
	Sync   syncCmd   `cmd:""`
	Watch  watchCmd  `cmd:""`
	Status statusCmd `cmd:""`
	Folder struct {
		List        folderList        `cmd:""`
		Create      folderCreate      `cmd:""`
		Delete      folderDelete      `cmd:""`
		Rename      folderRename      `cmd:""`
		Empty       folderEmpty       `cmd:""`
		Subscribe   folderSubscribe   `cmd:""`
		Unsubscribe folderUnsubscribe `cmd:""`
		Watch       folderWatch       `cmd:""`
		Unwatch     folderUnwatch     `cmd:""`
	} `cmd:""`
	Message struct {
		List    messageList    `cmd:""`
		Show    messageShow    `cmd:""`
		Mark    messageMark    `cmd:""`
		Move    messageMove    `cmd:""`
		Copy    messageCopy    `cmd:""`
		Archive messageArchive `cmd:""`
		Junk    messageJunk    `cmd:""`
		Delete  messageDelete  `cmd:""`
	} `cmd:""`
	Search   searchCmd   `cmd:""`
	Activity activityCmd `cmd:""`
	Alerts   struct {
		Pause  alertsPause  `cmd:""`
		Resume alertsResume `cmd:""`
	} `cmd:""`
	Problem struct {
		Dismiss problemDismiss `cmd:""`
	} `cmd:""`
	Op struct {
		List opList `cmd:""`
	} `cmd:""`
	Undo   undoCmd   `cmd:""`
	Doctor doctorCmd `cmd:""`
	Demo   demoCmd   `cmd:""`
}

// What ends parsing early without being wrong.
var (
	errHelp    = errors.New("help was asked for")
	errVersion = errors.New("the version was asked for")
)

// helpFlag and versionFlag act before anything else is checked, so that
// `heronctl message show --help` needs no message.
type (
	helpFlag    bool
	versionFlag bool
)

// BeforeReset is called by kong when the flag was seen.
func (helpFlag) BeforeReset() error { return errHelp }

// BeforeReset is called by kong when the flag was seen.
func (versionFlag) BeforeReset() error { return errVersion }

func newParser(c *cli) (*kong.Kong, error) {
	return kong.New(c, kong.Name("heronctl"), kong.NoDefaultHelp())
}
