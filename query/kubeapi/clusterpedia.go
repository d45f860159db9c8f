package kubeapi

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// search is what Clusterpedia's parameters, and ours, ask for beside Kubernetes' own.
type search struct {
	terms    []string // conditions in the query language
	clusters []string // conditions on the cluster alone, which are among terms, too
	places   []string // conditions on namespaces
	owner    records.Owner
	owned    bool
	named    []string // conditions on the owner
	since    time.Time
	before   time.Time
	order    []records.By
	size     int64 // 0: not asked
	offset   int
	goOn     *bool // whether a token for the next page is wanted
	count    *bool // whether remainingItemCount is
	metadata bool  // nothing of objects but their metadata
	events   bool  // with the events about each object
	forward  bool  // from the member, now
	query    string
	at       string // a moment; "" is now
}

// given is a parameter as it was written.
type given struct {
	name   string // of the label, or in the URL
	values []string
	not    bool
}

func (g given) bad(format string, args ...any) error {
	return apierrors.NewBadRequest(g.name + " " + fmt.Sprintf(format, args...) + ".")
}

// one is the value of a parameter that has one.
func (g given) one() (string, error) {
	if len(g.values) != 1 || g.values[0] == "" {
		return "", g.bad("takes one value, and has %s", strconv.Quote(strings.Join(g.values, ",")))
	}
	return g.values[0], nil
}

func (g given) truth() (bool, error) {
	text, err := g.one()
	if err != nil {
		return false, err
	}
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, g.bad("is true or false, not %q", text)
	}
	return b, nil
}

func (g given) number(least, most int64) (int64, error) {
	text, err := g.one()
	if err != nil {
		return 0, err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, g.bad("is a number from %d to %d, not %q", least, most, text)
	}
	return n, nil
}

// parameter is one of them, with the names that it goes by.
type parameter struct {
	url    string
	labels []string // "search.clusterpedia.io/clusters"
	not    bool     // != and notin make sense
	list   bool     // in the URL, values are separated by commas
	read   func(s *search, g given) error
}

const (
	searchLabel = "search.clusterpedia.io/"
	fuzzyLabel  = "internalstorage.clusterpedia.io/fuzzy-name"
	orderLabel  = searchLabel + "orderby"
)

// ownersUp is how many levels up an owner may be.
const ownersUp = 15

// parameters are all that are known beside Kubernetes' own.
var parameters = []*parameter{
	{url: "clusters", labels: []string{searchLabel + "clusters"}, not: true, list: true, read: func(s *search, g given) error {
		term := anyOf("cluster", g)
		s.clusters, s.terms = append(s.clusters, term), append(s.terms, term)
		return nil
	}},
	{url: "namespaces", labels: []string{searchLabel + "namespaces"}, not: true, list: true, read: func(s *search, g given) error {
		term := anyOf("ns", g)
		s.places, s.terms = append(s.places, term), append(s.terms, term)
		return nil
	}},
	{url: "names", labels: []string{searchLabel + "names"}, not: true, list: true, read: func(s *search, g given) error {
		s.terms = append(s.terms, anyOf("name", g))
		return nil
	}},
	{url: "fuzzyName", labels: []string{fuzzyLabel, searchLabel + "fuzzy-name"}, not: true, list: true, read: func(s *search, g given) error {
		for _, v := range g.values { // all of them
			term := "name:*" + literally(v) + "*"
			if g.not {
				term = "-" + term
			}
			s.terms = append(s.terms, term)
		}
		return nil
	}},
	{url: "since", labels: []string{searchLabel + "since"}, read: func(s *search, g given) (err error) { return s.bound(g, ">=", &s.since) }},
	{url: "before", labels: []string{searchLabel + "before"}, read: func(s *search, g given) (err error) { return s.bound(g, "<", &s.before) }},
	{url: "ownerUID", labels: []string{searchLabel + "owner-uid"}, list: true, read: func(s *search, g given) error {
		s.owner.UIDs, s.owned = append(s.owner.UIDs, g.values...), true
		return nil
	}},
	{url: "ownerName", labels: []string{searchLabel + "owner-name"}, list: true, read: func(s *search, g given) error {
		s.named, s.owned = append(s.named, anyOf("name", g)), true
		return nil
	}},
	{url: "ownerGR", labels: []string{searchLabel + "owner-gr"}, read: func(s *search, g given) error {
		kind, err := g.one()
		s.named = append(s.named, "kind:"+quoted(kind))
		return err
	}},
	{url: "ownerSeniority", labels: []string{searchLabel + "owner-seniority"}, read: func(s *search, g given) error {
		n, err := g.number(0, ownersUp)
		s.owner.Levels = int(n)
		return err
	}},
	{url: "orderby", labels: []string{orderLabel}, list: true, read: func(s *search, g given) error {
		for _, v := range g.values {
			by, err := orderBy(g, v)
			if err != nil {
				return err
			}
			s.order = append(s.order, by)
		}
		return nil
	}},
	{labels: []string{searchLabel + "size", searchLabel + "limit"}, read: func(s *search, g given) (err error) {
		s.size, err = g.number(1, pageMost)
		return err
	}},
	{url: "offset", labels: []string{searchLabel + "offset"}, read: func(s *search, g given) error {
		n, err := g.number(0, pagesMost)
		s.offset = int(n)
		return err
	}},
	{url: "withContinue", labels: []string{searchLabel + "with-continue"}, read: func(s *search, g given) error {
		b, err := g.truth()
		s.goOn = &b
		return err
	}},
	{url: "withRemainingCount", labels: []string{searchLabel + "with-remaining-count"}, read: func(s *search, g given) error {
		b, err := g.truth()
		s.count = &b
		return err
	}},
	{url: "onlyMetadata", labels: []string{searchLabel + "only-metadata"}, read: func(s *search, g given) (err error) {
		s.metadata, err = g.truth()
		return err
	}},
	{url: "injectEvents", labels: []string{searchLabel + "inject-events"}, read: func(s *search, g given) (err error) {
		s.events, err = g.truth()
		return err
	}},
	{labels: []string{searchLabel + "forward"}, read: func(s *search, g given) (err error) {
		s.forward, err = g.truth()
		return err
	}},
	{url: "q", read: func(s *search, g given) (err error) {
		s.query, err = g.one()
		return err
	}},
	{url: "at", read: func(s *search, g given) (err error) {
		s.at, err = g.one()
		s.terms = append(s.terms, "at:"+quoted(s.at))
		return err
	}},
}

// sql are parameters of Clusterpedia's that are text of its database's language.
var sql = []string{"whereSQL", "whereSQLStatement", "whereSQLParam", "whereSQLJSONParams"}

// search takes what is asked beside Kubernetes' parameters out of them, and out of the label selector.
func (q *question) search(values url.Values, selector labels.Selector) (*search, labels.Selector, error) {
	s := &search{}
	for _, name := range sql {
		if values.Has(name) {
			return nil, nil, apierrors.NewBadRequest(name + " is not taken: there is no SQL database behind this API. Write the condition as q=, in the query language of Foretop, such as q=" + url.QueryEscape("kind:Pod status.phase!=Running restarts>3") + ".")
		}
	}
	own, asked, err := q.searchLabels(selector)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range parameters {
		all := asked[p]
		if text := strings.TrimSpace(values.Get(p.url)); p.url != "" && text != "" { // the URL wins
			g := given{name: p.url, values: []string{text}}
			if p.list {
				g.values = listed(text)
			}
			all = []given{g}
		}
		if p.url != "" {
			if len(values[p.url]) > 1 {
				return nil, nil, given{name: p.url}.bad("is given more than once")
			}
			values.Del(p.url)
		}
		if len(all) > 1 && !p.list {
			return nil, nil, all[0].bad("is given more than once")
		}
		for _, g := range all {
			if err := p.read(s, g); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := q.readQuery(s); err != nil {
		return nil, nil, err
	}
	return s, own, s.complete()
}

// readQuery adds q=, a query of Foretop's own.
func (q *question) readQuery(s *search) error {
	if s.query == "" {
		return nil
	}
	var kinds []records.Kind
	for _, m := range q.members {
		kinds = append(kinds, m.Kinds...)
	}
	parsed, err := ql.Parse(s.query, ql.Options{Kinds: kinds})
	switch {
	case err != nil:
		return err
	case len(parsed.Group()) > 0:
		return apierrors.NewBadRequest("q: group: counts objects, and this is a list of them. Leave it out, or use foretop search.")
	case parsed.Root() == nil: // sort:, limit: and at: alone
		s.terms = append(s.terms, s.query)
	default:
		s.terms = append(s.terms, "("+s.query+")")
	}
	if !parsed.At().IsZero() {
		s.at = parsed.At().Format(time.RFC3339Nano)
	}
	return nil
}

// searchLabels are the parameters among the requirements of a label selector, and what is left of it.
func (q *question) searchLabels(selector labels.Selector) (own labels.Selector, asked map[*parameter][]given, err error) {
	asked = map[*parameter][]given{}
	if selector == nil {
		return nil, asked, nil
	}
	requirements, _ := selector.Requirements()
	own = labels.NewSelector()
	for _, r := range requirements {
		if !strings.HasPrefix(r.Key(), searchLabel) && r.Key() != fuzzyLabel {
			own = own.Add(r)
			continue
		}
		at := slices.IndexFunc(parameters, func(p *parameter) bool { return slices.Contains(p.labels, r.Key()) })
		if at < 0 {
			var names []string
			for _, p := range parameters {
				names = append(names, p.labels...)
			}
			return nil, nil, apierrors.NewBadRequest(fmt.Sprintf("the search label %s is not known here. There are %s.", r.Key(), strings.Join(names, ", ")))
		}
		p := parameters[at]
		g := given{name: r.Key(), values: r.Values().UnsortedList()}
		slices.Sort(g.values)
		switch r.Operator() {
		case selection.In, selection.Equals, selection.DoubleEquals:
		case selection.NotIn, selection.NotEquals:
			if g.not = true; !p.not {
				return nil, nil, g.bad("cannot be negated: write %s=VALUE", r.Key())
			}
		case selection.Exists:
			g.values = []string{"true"}
			if p.list {
				return nil, nil, g.bad("has no value: write %s=VALUE", r.Key())
			}
		default:
			return nil, nil, g.bad("does not know the operator %s: write %s=VALUE, or %s in (A,B)", r.Operator(), r.Key(), r.Key())
		}
		if p.list && slices.Contains(g.values, "") {
			return nil, nil, g.bad("has an empty value: write %s=VALUE", r.Key())
		}
		if r.Key() == orderLabel {
			continue // below: a selector does not keep the order of values
		}
		asked[p] = append(asked[p], g)
	}
	for _, found := range orderLabels.FindAllStringSubmatch(q.r.URL.Query().Get("labelSelector"), -1) {
		p := parameters[slices.IndexFunc(parameters, func(p *parameter) bool { return slices.Contains(p.labels, orderLabel) })]
		asked[p] = append(asked[p], given{name: orderLabel, values: listed(found[1] + found[2])})
	}
	return own, asked, nil
}

var orderLabels = regexp.MustCompile(regexp.QuoteMeta(orderLabel) + `\s*(?:==?\s*([^,\s]+)|in\s*\(([^)]*)\))`)

// listed are values between commas.
func listed(text string) (values []string) {
	for _, v := range strings.Split(text, ",") {
		if v = strings.TrimSpace(v); v != "" {
			values = append(values, v)
		}
	}
	return values
}

// complete checks what parameters mean together.
func (s *search) complete() error {
	if s.forward {
		return apierrors.NewBadRequest("forward is not offered here: leave it out, or ask the member itself")
	}
	if !s.since.IsZero() && !s.before.IsZero() && !s.since.Before(s.before) {
		return apierrors.NewBadRequest("since is not before before: nothing is created in between")
	}
	if !s.owned && (len(s.named) > 0 || s.owner.Levels > 0) {
		return apierrors.NewBadRequest("owner-gr and owner-seniority need owner-name or owner-uid beside them")
	}
	if !s.owned {
		return nil
	}
	if len(s.owner.UIDs) > 0 && len(s.named) > 0 {
		return apierrors.NewBadRequest("owner-uid names the owner already: leave owner-name and owner-gr out")
	}
	return nil
}

// anyOf is a field that has one of the values, byte for byte.
func anyOf(field string, g given) string {
	var terms []string
	const short = 8 // beyond which a list is one condition
	if len(g.values) <= short {
		for _, v := range g.values {
			terms = append(terms, field+"="+quoted(v))
		}
	} else {
		var quotes []string
		upper := false
		for _, v := range g.values {
			quotes, upper = append(quotes, quoted(v)), upper || strings.ToLower(v) != v
		}
		terms = []string{field + ":" + strings.Join(quotes, ",")}
		if field == "name" && !upper { // a list minds no case, and some kinds have names in capitals
			terms = []string{"(" + terms[0] + " -name:/[A-Z]/)"}
		}
	}
	term := terms[0]
	if len(terms) > 1 {
		term = "(" + strings.Join(terms, " OR ") + ")"
	}
	if g.not {
		return "-" + term
	}
	return term
}

// literally is a text within a pattern of the query language.
func literally(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9') && c < 0x80 {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// bound adds a condition on the time of creation.
func (s *search) bound(g given, op string, into *time.Time) error {
	text, err := g.one()
	if err != nil {
		return err
	}
	t, ok := momentOf(text)
	if !ok {
		return g.bad("is no time: %q. Write 2026-11-20T09:10:00Z (in a URL, + is %%2B), 2026-11-20 09:10:00, 2026-11-20, or seconds or milliseconds since 1970", text)
	}
	*into = t
	s.terms = append(s.terms, "created"+op+t.UTC().Format("2006-01-02T15:04:05.000Z"))
	return nil
}

// momentOf reads the forms of time that Clusterpedia has; those without a zone are UTC.
func momentOf(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateTime, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, t.Year() >= 1970 && t.Year() <= 2200
		}
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case err != nil || n < 0:
	case len(text) == 10:
		return time.Unix(n, 0), true
	case len(text) == 13:
		return time.UnixMilli(n), true
	}
	return time.Time{}, false
}

// orders are names of fields as Clusterpedia and Kubernetes have them.
var orders = map[string]string{
	"created_at": "created", "creationtimestamp": "created", "metadata.creationtimestamp": "created",
	"resource_version": "resourceversion", "metadata.resourceversion": "resourceversion",
	"metadata.name": "name", "metadata.namespace": "ns", "metadata.uid": "uid",
	"lasttimestamp": ".lastTimestamp", "firsttimestamp": ".firstTimestamp", "eventtime": ".eventTime", "count": ".count", "type": ".type", // of events
}

// orderBy reads a field to order by: created_at, "created_at desc", created_at_desc.
func orderBy(g given, text string) (records.By, error) {
	by := records.By{}
	field := strings.TrimSpace(text)
	for _, separator := range []string{" ", "_"} {
		if name, is := strings.CutSuffix(field, separator+"desc"); is {
			field, by.Desc = strings.TrimSpace(name), true
			break
		}
		if name, is := strings.CutSuffix(field, separator+"asc"); is {
			field = strings.TrimSpace(name)
			break
		}
	}
	bare := strings.TrimPrefix(field, ".")
	if by.Field = orders[strings.ToLower(bare)]; by.Field != "" {
		return by, nil
	}
	by.Field = field
	if _, ok := ql.ReadSort(field, false); ok {
		return by, nil
	}
	if head, _, dotted := strings.Cut(bare, "."); dotted && head != "label" && head != "annotation" && head != "cond" && head != "cluster" && head != "image" && head != "changed" {
		by.Field = "." + bare
	}
	if _, err := ql.ReadColumn(by.Field, ql.Options{}); err != nil || field == "" {
		return by, g.bad("does not know the field %q. Order by cluster, namespace, name, created_at, resource_version, %s, or a path such as spec.replicas; \"_desc\" or \" desc\" behind it turns it round", field, ql.SortNames())
	}
	return by, nil
}
