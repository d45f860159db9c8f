package kubeapi

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

const (
	// pagesFor is how long a list waits for its reader to go on, as long as etcd remembers by default.
	pagesFor = 5 * time.Minute
	// pagesMost is how many rows of all lists wait, at twelve bytes each.
	pagesMost = 5_000_000
	// listsMost is how many lists wait: of each, the page that was answered last is kept, too.
	listsMost = 200
	// pageMost is how many objects a page has at most.
	pageMost = 10_000
)

// pages are lists that are read a page at a time: all pages show one moment.
type pages struct {
	mu    sync.Mutex
	lists map[[16]byte]*paging
}

// paging is one of them.
type paging struct {
	id      [16]byte
	user    string
	of      string // path and selectors
	listing records.Listing
	left    int
	at      time.Time // when it was asked last

	mu   sync.Mutex
	next uint32
	last *page // which a client asks for again when it did not get it
}

// page is a part of a list.
type page struct {
	number  uint32
	objects []*records.Object
	more    bool
	listing records.Listing
	left    int
	id      [16]byte
}

// token is how a client asks for the page after p, "" when there is none.
func (p *page) token() string {
	if !p.more {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint32(p.id[:16:16], p.number+1))
}

// remaining is how many objects come after p; nil when there are none.
func (p *page) remaining() *int64 {
	if !p.more {
		return nil
	}
	n := int64(p.left)
	return &n
}

// begin is the first page of a listing.
func (p *pages) begin(ctx context.Context, scope access.Scope, of string, l records.Listing, most int) (*page, error) {
	list := &paging{user: scope.User(), of: of, listing: l}
	_, _ = rand.Read(list.id[:]) // does not fail
	first, err := list.page(ctx, 0, most)
	if err == nil && first.more {
		p.keep(list)
	}
	return first, err
}

// keep remembers a list, and forgets those that nobody came back for.
func (p *pages) keep(l *paging) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lists == nil {
		p.lists = map[[16]byte]*paging{}
	}
	l.at = time.Now()
	p.lists[l.id] = l
	all := make([]*paging, 0, len(p.lists))
	rows := 0
	for _, l := range p.lists {
		all, rows = append(all, l), rows+l.left
	}
	slices.SortFunc(all, func(a, b *paging) int { return a.at.Compare(b.at) })
	for _, old := range all {
		if old != l && (rows > pagesMost || len(p.lists) > listsMost || time.Since(old.at) > pagesFor) {
			rows -= old.left
			delete(p.lists, old.id)
		}
	}
}

// resume is the page that token names.
func (p *pages) resume(ctx context.Context, scope access.Scope, of, token string, most int) (*page, error) {
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 20 {
		return nil, apierrors.NewBadRequest("continue is not of a list that was begun here")
	}
	p.mu.Lock()
	l := p.lists[[16]byte(b)]
	if l != nil {
		l.at = time.Now()
	}
	p.mu.Unlock()
	switch {
	case l == nil || l.user != scope.User():
		return nil, apierrors.NewResourceExpired("the list that continue names was begun too long ago, or with another hub; list again without it")
	case l.of != of:
		return nil, apierrors.NewBadRequest("continue is of another list: path and selectors have to stay")
	}
	return l.page(ctx, binary.BigEndian.Uint32(b[16:]), most)
}

func (l *paging) page(ctx context.Context, number uint32, most int) (*page, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.last != nil && number == l.last.number:
		return l.last, nil
	case number != l.next:
		return nil, apierrors.NewResourceExpired("this page was passed; list again without continue")
	}
	p := &page{number: number, listing: l.listing, id: l.id, objects: []*records.Object{}}
	if most <= 0 || most > pageMost {
		most = pageMost
	}
	var err error
	for p.more = true; p.more && len(p.objects) < most; {
		var some []*records.Object
		if some, p.more, err = l.listing.Next(ctx, min(atOnce, most-len(p.objects))); err != nil {
			return nil, err
		}
		p.objects = append(p.objects, some...)
	}
	if number == 0 {
		l.left = l.listing.Total()
	}
	l.left = max(0, l.left-len(p.objects))
	p.left = l.left
	l.next, l.last = number+1, p
	return p, nil
}
