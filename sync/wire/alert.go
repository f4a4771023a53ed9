package wire

import "github.com/heronmail/heron/sync/mail"

// alert tells who listens what the server wants the user to be told, in whatever
// status response (RFC 3501 §7.1).
func (c *Conn) alert(r *Response) {
	if c.opt.Alert == nil || r.CodeName() != "ALERT" {
		return
	}
	if c.endpoint.Security == mail.StartTLS && c.net.TLSState() == nil {
		return // anybody on the way may have said it
	}
	st := r.Status()
	if !st.OK() && st.limit(&mail.Fault{}) {
		return
	}
	if text := c.safe(st.Text); text != "" {
		c.opt.Alert(text)
	}
}
