package aggregator

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	// documentMost is how large a document may be, unpacked: the largest of Kubernetes' own has 2.3 MB.
	documentMost = 32 << 20
	// documentsMost is how many a member may have: of the demo fleet, 80.
	documentsMost = 10_000
	// storedMost is how many a collector is told that the hub has; of others it sends the content again.
	storedMost = 20_000
	// documentsFor is how long one stays that no member has any more: longer than the batch that names it is on its way.
	documentsFor = time.Hour
)

// document is a content to be stored.
type document struct{ sha256, gzip string }

// documentList is what a member has from ver on.
type documentList struct {
	ver       uint64
	changedAt time.Time
	list      []*ingestpb.DocumentPath
}

// document takes a content, if it is what its name says: others are given it by that name.
func (w *preparation) document(d *ingestpb.Document) {
	err := func() error {
		packed, err := gzip.NewReader(bytes.NewReader(d.Gzip))
		if err != nil {
			return err
		}
		h := sha256.New()
		n, err := io.Copy(h, io.LimitReader(packed, documentMost+1))
		switch {
		case err != nil:
			return err
		case n > documentMost:
			return fmt.Errorf("it has more than %d bytes", documentMost)
		case !bytes.Equal(h.Sum(nil), d.Sha256):
			return errors.New("it is not the content that it is called")
		}
		return nil
	}()
	name := hex.EncodeToString(d.Sha256)
	if w.contents[name] = err == nil; err != nil {
		w.server.metrics.rejected.WithLabelValues("document").Inc()
		w.server.log.Warn("document cannot be stored, skipped", "cluster", w.cluster, "err", err)
		return
	}
	w.pending.documents = append(w.pending.documents, document{name, string(d.Gzip)})
}

// documents takes what the member has, in place of what it had. An error ends the session: the next one is told what the
// hub has.
func (w *preparation) documents(ver uint64, d *ingestpb.Documents) error {
	list := d.Documents
	if len(list) > documentsMost {
		w.server.metrics.rejected.WithLabelValues("documents").Inc()
		w.server.log.Warn("a member has too many documents, the last are left out", "cluster", w.cluster, "documents", len(list), "most", documentsMost)
		list = list[:documentsMost]
	}
	var ask []string
	for _, p := range list {
		name := hex.EncodeToString(p.Sha256)
		if _, known := w.contents[name]; name != "" && !known {
			ask = append(ask, name)
		}
	}
	if len(ask) > 0 {
		slices.Sort(ask)
		ask = slices.Compact(ask)
		err := w.patiently(func(ctx context.Context) error {
			stored, err := w.server.storedDocuments(ctx, ask)
			for _, name := range stored {
				w.contents[name] = true
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	kept := make([]*ingestpb.DocumentPath, 0, len(list))
	contents := map[string]bool{}
	for _, p := range list {
		name := hex.EncodeToString(p.Sha256)
		here, known := w.contents[name]
		switch {
		case name == "" || here:
			kept = append(kept, p)
			contents[name] = true
		case !known:
			return fmt.Errorf("documents of cluster %s: what %s has is not here any more", w.cluster, p.Path)
		default: // its content was refused
			contents[name] = false
			w.server.metrics.rejected.WithLabelValues("document_path").Inc()
			w.server.log.Warn("a document has no content here, skipped", "cluster", w.cluster, "path", p.Path)
		}
	}
	slices.SortFunc(kept, func(a, b *ingestpb.DocumentPath) int {
		return strings.Compare(a.Path+"\x00"+a.ContentType, b.Path+"\x00"+b.ContentType)
	})
	w.contents = contents // others may be forgotten
	if said := listed(kept); said != w.listed {
		w.listed = said
		w.documentLists = append(w.documentLists, &documentList{ver: ver, changedAt: w.now, list: kept})
	} else {
		w.server.metrics.unchanged.Inc()
	}
	return nil
}

// listed is a list in one text, to compare.
func listed(list []*ingestpb.DocumentPath) string {
	h := sha256.New()
	for _, p := range list {
		fmt.Fprintf(h, "%s\x00%s\x00%x\x00%s\x00", p.Path, p.ContentType, p.Sha256, p.Reason)
	}
	return string(h.Sum(nil))
}

// storedDocuments are those of the named ones that the database has; of nil, the newest of all.
func (s *Server) storedDocuments(ctx context.Context, names []string) ([]string, error) {
	var found []string
	read := func(p *clickhouse.Params, where string) error {
		rows, err := s.db.Query(ctx, `SELECT sha256 FROM `+s.db.Table("documents")+where+` GROUP BY sha256 ORDER BY max(stored_at) DESC LIMIT `+p.Int(storedMost), p)
		if err != nil {
			return fmt.Errorf("read which documents are stored: %w", err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return fmt.Errorf("read which documents are stored: %w", err)
			}
			found = append(found, name)
		}
		if err := rows.Err(); err != nil {
			return fmt.Errorf("read which documents are stored: %w", err)
		}
		return nil
	}
	if names == nil {
		err := read(new(clickhouse.Params), "")
		return found, err
	}
	for part := range slices.Chunk(names, objectsAtOnce) {
		p := new(clickhouse.Params)
		if err := read(p, ` WHERE sha256 IN `+p.Strings(part)); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// loadDocuments reads what the database has of documents, and what it has of the session's member.
func (s *Session) loadDocuments(ctx context.Context) error {
	stored, err := s.server.storedDocuments(ctx, nil)
	if err != nil {
		return err
	}
	s.offered = stored
	p := new(clickhouse.Params)
	rows, err := s.server.db.Query(ctx, `SELECT paths, content_types, sha256s, reasons FROM `+s.server.db.Table("cluster_documents")+
		` WHERE cluster = `+p.String(s.cluster)+` ORDER BY ver DESC LIMIT 1`, p)
	if err != nil {
		return fmt.Errorf("read the documents of a cluster: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var paths, types, names, reasons []string
		if err := rows.Scan(&paths, &types, &names, &reasons); err != nil {
			return fmt.Errorf("read the documents of a cluster: %w", err)
		}
		var list []*ingestpb.DocumentPath
		for i := range paths {
			sum, err := hex.DecodeString(names[i])
			if err != nil {
				return fmt.Errorf("read the documents of a cluster: %w", err)
			}
			list = append(list, &ingestpb.DocumentPath{Path: paths[i], ContentType: types[i], Sha256: sum, Reason: reasons[i]})
		}
		s.listed = listed(list)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read the documents of a cluster: %w", err)
	}
	return nil
}

// Welcome is what the collector is told first.
func (s *Session) Welcome() *ingestpb.Welcome {
	w := &ingestpb.Welcome{Epoch: s.epoch, Documents: &ingestpb.StoredDocuments{}}
	if e, ok := s.server.clusters.ByUID(s.cluster); ok {
		w.ClusterName = e.Name
	}
	for _, name := range s.offered {
		if sum, err := hex.DecodeString(name); err == nil {
			w.Documents.Sha256 = append(w.Documents.Sha256, sum)
		}
	}
	return w
}

// forgetDocuments deletes what no member has any more.
func (s *Server) forgetDocuments(ctx context.Context, now time.Time) error {
	return s.deleteWhere(ctx, "documents", "unused", func(p *clickhouse.Params) string {
		return `stored_at <= ` + p.Time(now.Add(-documentsFor)) + ` AND sha256 NOT IN (SELECT arrayJoin(sha256s) FROM ` + s.db.Table("cluster_documents") + ` FINAL)`
	})
}

func documentColumns(all []document, now time.Time) []clickhouse.Column {
	var sums, contents []string
	var at []time.Time
	for _, d := range all {
		sums, contents, at = append(sums, d.sha256), append(contents, d.gzip), append(at, now)
	}
	return []clickhouse.Column{{Name: "sha256", Values: sums}, {Name: "gzip", Values: contents}, {Name: "stored_at", Values: at}}
}

type documentListColumns struct {
	cluster                        []string
	ver                            []uint64
	paths, types, sha256s, reasons [][]string
	changedAt                      []time.Time
}

func (c *documentListColumns) add(cluster string, d *documentList) {
	paths, types, sums, reasons := []string{}, []string{}, []string{}, []string{}
	for _, p := range d.list {
		paths, types, sums, reasons = append(paths, p.Path), append(types, p.ContentType), append(sums, hex.EncodeToString(p.Sha256)), append(reasons, p.Reason)
	}
	c.cluster, c.ver, c.changedAt = append(c.cluster, cluster), append(c.ver, d.ver), append(c.changedAt, d.changedAt)
	c.paths, c.types, c.sha256s, c.reasons = append(c.paths, paths), append(c.types, types), append(c.sha256s, sums), append(c.reasons, reasons)
}

func (c *documentListColumns) columns() []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "cluster", Values: c.cluster}, {Name: "ver", Values: c.ver}, {Name: "paths", Values: c.paths}, {Name: "content_types", Values: c.types},
		{Name: "sha256s", Values: c.sha256s}, {Name: "reasons", Values: c.reasons}, {Name: "changed_at", Values: c.changedAt},
	}
}
