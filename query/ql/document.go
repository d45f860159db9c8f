package ql

import (
	"strings"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis/analyzer/keyword"
	"github.com/blevesearch/bleve/v2/mapping"

	"github.com/foretop/foretop/internal/records"
)

// Fields of the text index. Document fills them, Bleve asks them, IndexMapping declares them; all are keywords
// (the value is one term) and not stored. Values are lower case but for FieldCluster and FieldLabels.
const (
	FieldCluster   = "cluster"        // UID of the member, never its name
	FieldGR        = "gr"             // deployments.apps
	FieldKind      = "kind"           // Kind
	FieldNS        = "ns"             //
	FieldName      = "name"           //
	FieldUID       = "uid"            //
	FieldApp       = "app"            //
	FieldStatus    = "status"         //
	FieldHealth    = "health"         //
	FieldReady     = "ready"          // true, false; absent for kinds that cannot be ready
	FieldReason    = "reason"         // many
	FieldNode      = "node"           //
	FieldImage     = "image"          // every form that image: compares with
	FieldImageTag  = "image_tag"      //
	FieldImageRepo = "image_repo"     //
	FieldImageReg  = "image_registry" //
	FieldLabels    = "labels"         // k=v, byte-exact
	FieldLabelsLow = "labels_fold"    // k=v with v in lower case
	FieldAll       = "all"            // tokens of free text
)

var indexFields = []string{FieldCluster, FieldGR, FieldKind, FieldNS, FieldName, FieldUID, FieldApp, FieldStatus, FieldHealth, FieldReady,
	FieldReason, FieldNode, FieldImage, FieldImageTag, FieldImageRepo, FieldImageReg, FieldLabels, FieldLabelsLow, FieldAll}

// IndexMapping declares the fields that Document fills.
func IndexMapping() *mapping.IndexMappingImpl {
	doc := bleve.NewDocumentStaticMapping()
	for _, name := range indexFields {
		f := bleve.NewKeywordFieldMapping()
		f.Store, f.IncludeInAll, f.IncludeTermVectors = false, false, false
		f.DocValues = false // nothing is sorted or counted there
		doc.AddFieldMappingsAt(name, f)
	}
	m := bleve.NewIndexMapping()
	m.DefaultMapping, m.DefaultAnalyzer = doc, keyword.Name
	return m
}

// Document is o as the text index wants it. Tombstones do not belong there.
func Document(o *records.Object) map[string]any {
	doc := map[string]any{FieldCluster: o.ClusterUID, FieldGR: strings.ToLower(o.Ref.GroupResource.String()), FieldAll: o.Tokens}
	one := func(field, value string) {
		if value != "" {
			doc[field] = strings.ToLower(value)
		}
	}
	one(FieldKind, o.Kind)
	one(FieldNS, o.Namespace)
	one(FieldName, o.Name)
	one(FieldUID, o.UID)
	one(FieldApp, o.App)
	one(FieldStatus, o.Status)
	one(FieldHealth, string(o.Health))
	one(FieldReady, o.Ready)
	one(FieldNode, o.Node)
	if len(o.Reasons) > 0 {
		doc[FieldReason] = lower(o.Reasons)
	}
	if len(o.Images) > 0 {
		var forms, tags, repos, registries []string
		for _, image := range o.Images {
			r := parseImage(image)
			forms = append(forms, imageForms(image)...)
			tags, repos, registries = append(tags, r.tag), append(repos, r.repo), append(registries, r.registry)
		}
		doc[FieldImage], doc[FieldImageTag], doc[FieldImageRepo], doc[FieldImageReg] = forms, lower(tags), lower(repos), lower(registries)
	}
	if len(o.Labels) > 0 {
		exact, folded := make([]string, 0, len(o.Labels)), make([]string, 0, len(o.Labels))
		for k, v := range o.Labels {
			exact, folded = append(exact, k+"="+v), append(folded, k+"="+strings.ToLower(v))
		}
		doc[FieldLabels], doc[FieldLabelsLow] = exact, folded
	}
	return doc
}

func lower(texts []string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = strings.ToLower(s)
	}
	return out
}
