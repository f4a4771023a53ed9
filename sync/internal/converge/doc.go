// Package converge holds no code but a proof: that machines which share an
// account come to agree, whatever they do at the same time and whatever becomes
// of their connections.
//
// A round is a history of up to 100 steps that rapid draws. Two engines, each
// with a store of its own, and a plain IMAP client share one account of a real
// Dovecot. Each marks mail (with keywords too, where Dovecot keeps them right, see
// storages), moves, copies and deletes it, makes, renames and deletes folders, and
// subscribes to them. The engines also archive, call mail junk, empty trash and junk,
// take several messages at once, and take back what they did; the client delivers, and
// deletes for good from anywhere. The engines go offline and come back, their
// connections (one has TLS) are cut after any byte, in the sign-in too, mailboxes get
// another UIDVALIDITY. Then everybody
// is brought to rest, and all of this must hold:
//
//   - both stores have the server's folders, messages, flags, keywords, counts and
//     subscriptions;
//   - each message is there once, and once more for each copy that was made;
//     it is gone only when somebody deleted it, or a folder that held it, as the
//     server's log says; it is there twice where two moved it in the same moment
//     and the log has both take it from one folder, see met;
//   - nobody told of a message as new more than once, or recorded two alerts for it,
//     however often it was copied and moved;
//   - what a machine did is as it left it, and came back to it as nothing; except for a
//     flag of a message that somebody else moved in the same moment, as the log has it,
//     see overtaken;
//   - no folder was told as gone that nobody deleted.
//
// To run it: go test ./sync/internal/converge; HERON_LONG=1 makes it 500 rounds
// in place of 20. What fails says how to play its round again:
// -run NAME -rapid.seed=N (-rapid.shrinktime=1ns ends at once). The steps are then the same; how they meet on the
// server is not, so it may take some tries.
package converge
