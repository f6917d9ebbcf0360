package diag

// Code names one sort of fault for good: a code is never given to another
// fault, so that a reader can look it up and a pipeline can match on it.
// KM0xx are about the documents, KM1xx about the package around them.
type Code string

// The codes; Codes says what each is about.
const (
	CodeSyntax      Code = "KM001"
	CodeLimit       Code = "KM002"
	CodeUnknownWord Code = "KM003"
	CodeTwice       Code = "KM004"
	CodeType        Code = "KM005"
	CodeEmpty       Code = "KM006"
	CodeNotText     Code = "KM007"
	CodeNotYet      Code = "KM008"
	CodeDocument    Code = "KM009"

	CodeMissing   Code = "KM010"
	CodeName      Code = "KM011"
	CodeValue     Code = "KM012"
	CodeDuplicate Code = "KM013"
	CodeReference Code = "KM014"
	CodeSplit     Code = "KM015"
	CodeExclusive Code = "KM016"
	CodePlace     Code = "KM017"
	CodeHost      Code = "KM018"
	CodeServer    Code = "KM019"
	CodeTLS       Code = "KM020"
	CodeMTLS      Code = "KM021"
	CodeClash     Code = "KM022"
	CodeDomain    Code = "KM023"
	CodeUnused    Code = "KM024"
	CodeImage     Code = "KM025"
	CodeVersion   Code = "KM027"

	CodeAccess Code = "KM030"
	CodeToken  Code = "KM031"

	CodeOpaque Code = "KM038"

	CodeReplaced Code = "KM032"
	CodePlatform Code = "KM033"

	CodeSelector Code = "KM101"
	CodeMoved    Code = "KM102"
	CodeNotOurs  Code = "KM103"
	CodePort     Code = "KM104"
	CodeNobody   Code = "KM105"
	CodeComment  Code = "KM106"
	CodeItem     Code = "KM107"
	CodeSecret   Code = "KM108"

	CodeLookalike  Code = "KM110"
	CodeNoPackage  Code = "KM111"
	CodeByHand     Code = "KM112"
	CodeNoInjector Code = "KM113"
	CodeProtocol   Code = "KM114"
	CodeTelemetry  Code = "KM118"
)

// Codes are all codes with what they are about, for lists in documentation.
var Codes = []struct {
	Code  Code
	About string
}{
	{CodeSyntax, "the text is not YAML, or not UTF-8"},
	{CodeLimit, "larger, deeper or more aliased than a document may be"},
	{CodeUnknownWord, "a field that the vocabulary does not have"},
	{CodeTwice, "one key written twice in one mapping"},
	{CodeType, "a value of another shape or type than the word takes"},
	{CodeEmpty, "null, or an empty condition that would match everything"},
	{CodeNotText, "a plain scalar that YAML reads as a number, bool or date, where text is wanted"},
	{CodeNotYet, "a word of the vocabulary that this version does not render yet"},
	{CodeDocument, "not a document of ours, or none where one is wanted"},
	{CodeMissing, "a word that has to be written is not"},
	{CodeName, "not a name that Kubernetes or DNS admits"},
	{CodeValue, "a value outside the ones that the word takes"},
	{CodeDuplicate, "the same thing said at two places"},
	{CodeReference, "a name that leads to nothing here"},
	{CodeSplit, "weights that do not make a split"},
	{CodeExclusive, "two words that exclude each other"},
	{CodePlace, "a word that cannot stand where it stands"},
	{CodeHost, "a host that the gateway does not serve or the namespace may not use"},
	{CodeServer, "servers of gateways that cannot stand beside each other"},
	{CodeTLS, "TLS settings that do not fit the server"},
	{CodeMTLS, "an mTLS mode that the place may not say, or that breaks callers"},
	{CodeClash, "one object asked for at two places"},
	{CodeDomain, "a host name completed by the default domain on a real cluster"},
	{CodeUnused, "something written that has no effect"},
	{CodeImage, "images that the chosen registry does not hold"},
	{CodeVersion, "a word that the mesh's Istio is too old for"},
	{CodeAccess, "a rule of access that would let in, or refuse, others than it says"},
	{CodeToken, "a token that is demanded and that nobody can have, or that nobody checks"},
	{CodeOpaque, "calls of TCP to hosts outside that proxies cannot tell apart"},
	{CodeReplaced, "something of an existing Istio that what is rendered takes the place of"},
	{CodePlatform, "a platform that the generation of Kyma does not know"},
	{CodeSelector, "a selector that does not select the service's pods"},
	{CodeMoved, "an object of the root namespace that was moved to another"},
	{CodeNotOurs, "an object that would be rendered and that somebody else wrote"},
	{CodePort, "a Service's port where a workload's is wanted, or a port that has to be named"},
	{CodeNobody, "a namespace that nothing in the package lives in"},
	{CodeComment, "a person's comment in a rendered file that had to go"},
	{CodeItem, "an option or an item that the function cannot take"},
	{CodeSecret, "a certificate that lies where the gateway does not read it"},
	{CodeLookalike, "a pod of another that a gateway's policy holds for as well"},
	{CodeNoPackage, "a word that changes an object of the package, and the package does not hold it"},
	{CodeByHand, "a label or annotation of a person's that says something else than a word"},
	{CodeNoInjector, "pods that get no sidecar, or another one, whatever is said"},
	{CodeProtocol, "routes of another protocol than the Service's port speaks"},
	{CodeTelemetry, "a Telemetry of another for the same proxies"},
}
