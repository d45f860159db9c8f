package ql

import (
	"github.com/foretop/foretop/internal/access"
)

// FacetColumn is the SQL expression whose distinct values a facet of field counts, as text; array says that it is an
// array, each element of which counts. field is a name or alias, or label.KEY; the key is bound by p. Objects without
// a value give "". Of cluster it is the identity, of kind the Kind, of label alone the keys. Times have no facet, and
// on the Events page only what events themselves have.
func FacetColumn(field string, page Page, p Params) (expr string, array bool, err error) {
	return FacetColumnOf(field, Options{Page: page}, p, Env{})
}

// counted reports whether values of the field can be counted.
func (f *field) counted(page Page) bool {
	if page == Events && f.events == "" && f.typ != typKind {
		return false
	}
	switch f.typ {
	case typAge, typTime, typBool, typTrait, typContent, typObject:
		return false
	}
	return true
}

// FacetColumnOf is FacetColumn that knows members, and Nodes by env.Objects: what env, region, zone, provider and
// cluster.LABEL are counted by.
func FacetColumnOf(field string, o Options, p Params, env Env) (expr string, array bool, err error) {
	page := o.Page
	name, key, keyed := split(field)
	f := lookup(name, page)
	if f == nil || !f.on(page) || !f.counted(page) || keyed && (f.typ != typMap && f.typ != typCluster || key == "") {
		return "", false, noFacet(field)
	}
	column := f.column
	if page == Events {
		if column = f.events; f.typ == typKind {
			return "regarding_kind", false, nil
		}
		if column == "" {
			return "", false, noFacet(field)
		}
	}
	switch f.typ {
	case typKind:
		return "kind", false, nil
	case typWord, typHealth, typReady, typStatus:
		return column, false, nil
	case typCluster:
		if keyed {
			return placeSQL(&place{}, (&place{clusters: []string{key}}).homesOf(o.Clusters), p, Env{}), false, nil
		}
		return column, false, nil
	case typPlace:
		return placeSQL(f.place, f.place.homesOf(o.Clusters), p, env), false, nil
	case typWords:
		return column, page != Events, nil
	case typImage, typOwner, typUses, typIP, typPath:
		return column, true, nil
	case typManager:
		return "arrayDistinct(arrayMap(x -> substringIndex(x, '/', 1), " + column + "))", true, nil
	case typPart:
		return "arrayDistinct(arrayMap(x -> " + imagePart(f.name) + ", " + column + "))", true, nil
	case typMap:
		if keyed {
			return column + "[" + p.String(key) + "]", false, nil
		}
		return "mapKeys(" + column + ")", true, nil
	case typNumber:
		if page == Events {
			return "toString(" + column + ")", false, nil
		}
		return "if(" + column + " < 0, '', toString(" + column + "))", false, nil
	case typOp:
		return changeTypeSQL, false, nil
	default:
		return "", false, noFacet(field)
	}
}

func noFacet(field string) error {
	return &access.Error{Code: CodeBadValue, Message: "Results cannot be counted by " + quote(field) + ".",
		Fix: "Count by cluster, kind, ns, app, status, health, ready, node, reason, image, image.tag or label.KEY."}
}
