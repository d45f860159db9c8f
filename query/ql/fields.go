package ql

// Fields of the text index. Document fills them, Bleve asks them, IndexMapping declares them; all are keywords
// (the value is one term) and not stored. Values are lower case but for FieldLabels.
const (
	FieldCluster   = "cluster"     // UID of the member, never its name
	FieldGR        = "gr"          // deployments.apps
	FieldKind      = "kind"        // Kind
	FieldNS        = "ns"          //
	FieldName      = "name"        //
	FieldUID       = "uid"         //
	FieldApp       = "app"         //
	FieldStatus    = "status"      //
	FieldHealth    = "health"      //
	FieldReady     = "ready"       // true, false; absent for kinds that cannot be ready
	FieldReason    = "reason"      // many
	FieldNode      = "node"        //
	FieldImage     = "image"       // every form that image: matches
	FieldImageTag  = "image.tag"   //
	FieldImageRepo = "image.repo"  //
	FieldImageReg  = "image.reg"   //
	FieldLabels    = "labels"      // k=v, byte-exact
	FieldLabelsLow = "labels.fold" // k=v with v in lower case
	FieldAll       = "all"         // tokens of free text
)
