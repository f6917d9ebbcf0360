package diag

// Code names one sort of fault for good: a code is never given to another
// fault, so that a reader can look it up and a pipeline can match on it.
// KM0xx are about the documents, KM1xx about the package around them; pkg/check
// says of each from KM150 on why it hurts and how to mend it.
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

	// From here on the codes are those of `kymamesh check`, one a check.
	CodeSameObject        Code = "KM150"
	CodeUnreadable        Code = "KM151"
	CodeNoHost            Code = "KM152"
	CodeHalfHost          Code = "KM153"
	CodeNoSubset          Code = "KM154"
	CodeNoPort            Code = "KM155"
	CodePortless          Code = "KM156"
	CodeTwoRoutes         Code = "KM157"
	CodeUnreached         Code = "KM158"
	CodeTwoRules          Code = "KM159"
	CodeEmptySubset       Code = "KM160"
	CodeTLSMode           Code = "KM161"
	CodePlainCaller       Code = "KM162"
	CodeProbe             Code = "KM163"
	CodeTwoPolicies       Code = "KM164"
	CodeNoGateway         Code = "KM165"
	CodeNotServed         Code = "KM166"
	CodeTwoServers        Code = "KM167"
	CodeRouteKind         Code = "KM168"
	CodeCredential        Code = "KM169"
	CodeClosedPort        Code = "KM170"
	CodeNoGatewayPods     Code = "KM171"
	CodeInjectionLabel    Code = "KM172"
	CodeMisplaced         Code = "KM173"
	CodeInjectionValue    Code = "KM174"
	CodeNoSidecar         Code = "KM175"
	CodeUnenforced        Code = "KM176"
	CodeOutdated          Code = "KM177"
	CodeNakedPod          Code = "KM178"
	CodeReserved          Code = "KM179"
	CodeAutoImage         Code = "KM180"
	CodeNobodySelected    Code = "KM181"
	CodeNoPods            Code = "KM182"
	CodeNamedPort         Code = "KM183"
	CodeExternalPort      Code = "KM184"
	CodeTwoProtocols      Code = "KM185"
	CodeIgnore            Code = "KM186"
	CodeIdleIgnore        Code = "KM187"
	CodeWithoutProxy      Code = "KM188"
	CodeUnknownAnnotation Code = "KM189"
	CodeAnnotationPlace   Code = "KM190"
	CodeAnnotationValue   Code = "KM191"
	CodeOldAnnotation     Code = "KM192"
	CodePortName          Code = "KM193"
	CodeTwoPorts          Code = "KM194"
	CodeUnlabelled        Code = "KM195"
	CodeRefused           Code = "KM196"
	CodeUnverified        Code = "KM197"
	CodeRepeatedMatch     Code = "KM198"
	CodeNoAddress         Code = "KM199"
	CodeEntryProtocol     Code = "KM200"
	CodeOneCertificate    Code = "KM201"
	CodeVersionsPassedBy  Code = "KM202"
	CodeUncheckedClaims   Code = "KM203"
	CodeNoProvider        Code = "KM204"
	CodeInternalGateway   Code = "KM205"
	CodeDeprecated        Code = "KM206"
	CodeOpenKeys          Code = "KM207"
	CodeDoubleTLS         Code = "KM208"
	CodeWeights           Code = "KM209"
	CodeFaultFirst        Code = "KM210"
	CodeTokenless         Code = "KM211"
	CodeNoEndpoints       Code = "KM212"
	CodeIdleTLS           Code = "KM213"
	CodeSecretElsewhere   Code = "KM214"
	CodeNoParent          Code = "KM215"
	CodeAmbient           Code = "KM216"
	CodeIdleSubset        Code = "KM217"
	CodeUnseenRule        Code = "KM218"
	CodeHTTPRules         Code = "KM219"
	CodeHiddenHost        Code = "KM220"
	CodeEndlessJob        Code = "KM221"
	CodeIdlePatch         Code = "KM222"
)

// OfPackage tells whether a code is that of a check of a whole package, which
// [Codes] lists from KM150 on.
func (c Code) OfPackage() bool { return c >= CodeSameObject && c.About() != "" }

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
	{CodeSameObject, "one object twice in the package"},
	{CodeUnreadable, "a hand-written object that Istio could not read"},
	{CodeNoHost, "a host that no Service of the package has"},
	{CodeHalfHost, "a name of a Service that Istio does not complete"},
	{CodeNoSubset, "a subset that no DestinationRule of the host has"},
	{CodeNoPort, "a port that the host does not have"},
	{CodePortless, "a route from a gateway to a Service of several ports that does not say which"},
	{CodeTwoRoutes, "two VirtualServices for one host in the mesh"},
	{CodeUnreached, "a route that no request reaches"},
	{CodeTwoRules, "two DestinationRules for one host, of which a part is dropped"},
	{CodeEmptySubset, "a subset that routes lead to and whose labels no pod of the Service has"},
	{CodeTLSMode, "a DestinationRule whose TLS the server refuses"},
	{CodePlainCaller, "a caller without a sidecar of a server that takes mTLS only"},
	{CodeProbe, "a probe of the kubelet that mTLS refuses"},
	{CodeTwoPolicies, "two objects for the same pods, of which Istio takes one"},
	{CodeNoGateway, "a Gateway that is not there"},
	{CodeNotServed, "a host of a VirtualService that its gateways do not serve"},
	{CodeTwoServers, "two servers of one host and port at the same gateway pods"},
	{CodeRouteKind, "routes of a kind that the gateway's server does not use"},
	{CodeCredential, "a gateway's certificate without the parts that its mode needs"},
	{CodeClosedPort, "a port of a Gateway that the gateway's Service does not open"},
	{CodeNoGatewayPods, "a Gateway whose selector finds no gateway of the installation"},
	{CodeInjectionLabel, "labels of a namespace that do not inject as they look"},
	{CodeMisplaced, "a word about injection where Istio does not read it"},
	{CodeInjectionValue, "a word about injection with a value that Istio does not know"},
	{CodeNoSidecar, "a pod that asks for a sidecar and gets none"},
	{CodeUnenforced, "a policy for pods without a sidecar"},
	{CodeOutdated, "a sidecar of another version than the mesh's"},
	{CodeNakedPod, "a pod with a sidecar that nobody makes anew"},
	{CodeReserved, "a program that takes what the sidecar needs"},
	{CodeAutoImage, "a proxy that waits for an injection which does not happen"},
	{CodeNobodySelected, "a policy whose selector finds no workload"},
	{CodeNoPods, "a Service that selects no workload of the package"},
	{CodeNamedPort, "a target port whose name no container has"},
	{CodeExternalPort, "a port of an ExternalName Service that takes traffic of others"},
	{CodeTwoProtocols, "one port of a workload with two protocols"},
	{CodeIgnore, "a finding that is ignored without a reason, or of a code that no check has"},
	{CodeIdleIgnore, "something ignored that is not found any more"},
	{CodeWithoutProxy, "a pod that runs without the sidecar that it should have"},
	{CodeUnknownAnnotation, "an annotation of Istio's that Istio does not have"},
	{CodeAnnotationPlace, "an annotation of Istio's where Istio does not read it"},
	{CodeAnnotationValue, "an annotation of Istio's with a value that the injector refuses"},
	{CodeOldAnnotation, "an annotation of Istio's that is going away"},
	{CodePortName, "a port of which nobody says what it carries"},
	{CodeTwoPorts, "one port of a workload under two ports of Services"},
	{CodeUnlabelled, "a namespace that leaves its injection to the installation"},
	{CodeRefused, "an object that Istio's webhook refuses"},
	{CodeUnverified, "TLS to a server whose certificate nobody checks"},
	{CodeRepeatedMatch, "a condition that an earlier route has already"},
	{CodeNoAddress, "a TCP port outside of the mesh without an address"},
	{CodeEntryProtocol, "one host and port with two protocols"},
	{CodeOneCertificate, "one certificate in two Gateways of the same pods"},
	{CodeVersionsPassedBy, "a gateway that passes the versions of a Service by"},
	{CodeUncheckedClaims, "a route by claims of a token that nobody checks"},
	{CodeNoProvider, "access logging without a provider"},
	{CodeInternalGateway, "the name of a Gateway that Istio makes itself"},
	{CodeDeprecated, "a field that Istio is giving up"},
	{CodeOpenKeys, "keys of tokens that istiod fetches from any address"},
	{CodeDoubleTLS, "TLS inside of TLS"},
	{CodeWeights, "weights that look like percentages and are none"},
	{CodeFaultFirst, "a fault that retries and timeouts never see"},
	{CodeTokenless, "tokens that are checked and not demanded"},
	{CodeNoEndpoints, "a Service without a selector that has no endpoints"},
	{CodeIdleTLS, "TLS settings of a Gateway that do nothing"},
	{CodeSecretElsewhere, "a certificate that lies where the Gateway's pods do not look"},
	{CodeNoParent, "a route of the Gateway API whose Gateway is not there"},
	{CodeAmbient, "a Sidecar for pods that have none"},
	{CodeIdleSubset, "settings of a subset that no route leads to"},
	{CodeUnseenRule, "a DestinationRule that no client reads"},
	{CodeHTTPRules, "rules about HTTP on a port that is not HTTP"},
	{CodeHiddenHost, "a Service that a program calls, and that its proxy is not shown"},
	{CodeEndlessJob, "a Job whose sidecar never ends"},
	{CodeIdlePatch, "a patch of an EnvoyFilter that Istio passes over"},
}

// About is what a code is about, "" for no code.
func (c Code) About() string {
	for _, row := range Codes {
		if row.Code == c {
			return row.About
		}
	}
	return ""
}
