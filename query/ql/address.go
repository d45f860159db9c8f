package ql

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

// readAddress reads an address, or a range of them as in 10.0.0.0/8.
func readAddress(s string) (netip.Prefix, bool) {
	if ip, err := netip.ParseAddr(s); err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), true
	}
	if r, err := netip.ParsePrefix(s); err == nil && !r.Addr().Is4In6() {
		return r.Masked(), true
	}
	return netip.Prefix{}, false
}

func addressText(r netip.Prefix) string {
	if r.IsSingleIP() {
		return r.Addr().String()
	}
	return r.String()
}

// address reads a value of ip:.
func (p *parser) address(f *field, op Op, v *Value) error {
	if v.Kind == Regex {
		return nil
	}
	if v.Kind == Glob {
		v.re = regexp.MustCompile(v.anchored())
		return nil
	}
	r, ok := readAddress(v.Text)
	switch {
	case !ok:
		fix := "Write ip:10.0.0.7, ip:10.0.0.0/8 or ip:10.0.*."
		if bare := strings.Trim(v.Text, "."); bare != "" && strings.Trim(bare, "0123456789.") == "" {
			fix = "Write ip:" + bare + ".* for all that begin so."
		}
		return p.fail(CodeBadValue, v.From, v.To, fix, "%s is no address.", quote(v.Text))
	case op == OpEqual && !r.IsSingleIP():
		return p.fail(CodeBadValue, v.From, v.To, "Write ip:"+r.String()+".", "= compares single addresses.")
	}
	v.prefix, v.Text = r, addressText(r)
	return nil
}

// within reports whether the address s, as netip writes it, is what the value asks for.
func (v *Value) address(s string) bool {
	if v.Kind != Literal {
		return v.text(OpMatch, s)
	}
	ip, err := netip.ParseAddr(s)
	return err == nil && v.prefix.Contains(ip)
}

func (c *compiler) addresses(x *Filter, column string) string {
	if x.Op == OpHas {
		return "notEmpty(" + column + ")"
	}
	var singles, parts []string
	for i := range x.Values {
		v := &x.Values[i]
		switch {
		case v.Kind != Literal:
			parts = append(parts, c.compare("x", OpMatch, v))
		case v.prefix.IsSingleIP():
			singles = append(singles, v.Text)
		default:
			parts = append(parts, "isIPAddressInRange(x, "+c.p.String(v.Text)+")")
		}
	}
	var either []string
	switch len(singles) {
	case 0:
	case 1:
		either = append(either, "has("+column+", "+c.p.String(singles[0])+")")
	default:
		either = append(either, "hasAny("+column+", "+c.p.Strings(singles)+")")
	}
	if len(parts) > 0 {
		either = append(either, "arrayExists(x -> "+anyOf(parts)+", "+column+")")
	}
	return anyOf(either)
}

// addressFilter is the filter that a bare address stands for.
func (p *parser) addressFilter(r netip.Prefix, from, to int) *Filter {
	return &Filter{Field: "ip", Op: OpMatch, From: from, To: to, def: lookup("ip", p.opts.Page), Values: []Value{{Text: addressText(r), prefix: r, From: from, To: to}}}
}

// knownConditions are condition types that people may write in any case.
var knownConditions = []string{
	"Ready", "Available", "Progressing", "ReplicaFailure", "ContainersReady", "Initialized", "PodScheduled", "PodReadyToStartContainers", "DisruptionTarget",
	"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable", "Complete", "Failed", "Suspended", "SuccessCriteriaMet", "FailureTarget",
	"AbleToScale", "ScalingActive", "ScalingLimited", "DisruptionAllowed", "Established", "NamesAccepted", "Reconciling", "Stalled", "Healthy", "Synced",
	"Accepted", "Programmed", "ResolvedRefs",
}

// conditionType writes a condition type as its controllers do.
func conditionType(key string) string {
	if i := slices.IndexFunc(knownConditions, func(known string) bool { return strings.EqualFold(known, key) }); i >= 0 {
		return knownConditions[i]
	}
	return key
}
