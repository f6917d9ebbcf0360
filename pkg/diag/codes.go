package diag

// Code names one sort of fault for good: a code is never given to another
// fault, so that a reader can look it up and a pipeline can match on it.
// KM0xx are about the documents, KM1xx about the package around them.
type Code string

const (
	CodeSyntax      Code = "KM001" // the text is not YAML, or not UTF-8
	CodeLimit       Code = "KM002" // larger, deeper or more aliased than a document may be
	CodeUnknownWord Code = "KM003" // a field that the vocabulary does not have
	CodeTwice       Code = "KM004" // one key written twice in one mapping
	CodeType        Code = "KM005" // a value of another shape or type than the word takes
	CodeEmpty       Code = "KM006" // null, or an empty condition that would match everything
	CodeNotText     Code = "KM007" // a plain scalar that YAML reads as a number, bool or date, where text is wanted
	CodeNotYet      Code = "KM008" // a word of the vocabulary that this version does not render yet
	CodeDocument    Code = "KM009" // not a document of ours, or none or several where one is wanted

	CodeMissing   Code = "KM010" // a word that has to be written is not
	CodeName      Code = "KM011" // not a name that Kubernetes or DNS admits
	CodeValue     Code = "KM012" // a value outside the ones that the word takes
	CodeDuplicate Code = "KM013" // the same thing said at two places
	CodeReference Code = "KM014" // a name that leads to nothing
	CodeSplit     Code = "KM015" // weights that do not make a split
	CodeExclusive Code = "KM016" // two words that exclude each other
	CodePlace     Code = "KM017" // a word that cannot stand where it stands
	CodeHost      Code = "KM018" // a host that the gateway does not serve or the namespace may not use
	CodeServer    Code = "KM019" // servers of gateways that cannot stand beside each other
	CodeTLS       Code = "KM020" // TLS settings that do not fit the server
	CodeMTLS      Code = "KM021" // an mTLS mode that the place may not say, or that breaks callers
	CodeClash     Code = "KM022" // two documents ask for one object
	CodeDomain    Code = "KM023" // a host name completed by the default domain on a real cluster
	CodeUnused    Code = "KM024" // something written that has no effect
	CodeImage     Code = "KM025" // images that the chosen registry does not hold

	CodeSelector Code = "KM101" // a selector that does not select the service's pods
	CodeMoved    Code = "KM102" // an object of the root namespace that was moved to another
	CodeNotOurs  Code = "KM103" // an object that we would render and somebody else wrote
	CodePort     Code = "KM104" // a Service port where a workload port is wanted, or a port that has to be named
	CodeNobody   Code = "KM105" // a namespace that nothing in the package lives in
	CodeComment  Code = "KM106" // a person's comment in a rendered file that had to go
)
