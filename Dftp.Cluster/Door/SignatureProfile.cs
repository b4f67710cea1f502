namespace Dftp.Cluster.Door;

/// <summary>
/// The profile of HTTP Message Signatures (RFC 9421) between nodes: one signature with the label <c>dftp</c>, HMAC-SHA-256, with the
/// parameters created, nonce, keyid (<see cref="SecretKey.Id"/>) and tag (the cluster's name, percent-encoded).
/// </summary>
internal static class SignatureProfile
{
    public const string Label = "dftp";
    public const string InputField = "Signature-Input";
    public const string SignatureField = "Signature";
    public const string DigestField = "Content-Digest";

    /// <summary>The maximum difference between a signature's time and the clock of the node that verifies it.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(60);

    /// <summary>What every request covers.</summary>
    public static ReadOnlySpan<Component> OfRequest => [Component.Method, Component.Path, Component.Query];

    /// <summary>What a request with a body of known digest covers.</summary>
    public static ReadOnlySpan<Component> OfRequestWithBody =>
        [Component.Method, Component.Path, Component.Query, Component.ContentDigest];

    /// <summary>What the signature in the trailer section of a streamed body covers.</summary>
    public static ReadOnlySpan<Component> OfTrailer => [Component.ContentDigestInTrailer];

    /// <summary>What the answer to a greeting covers.</summary>
    public static ReadOnlySpan<Component> OfAnswer => [Component.Status, Component.ContentDigest, Component.SignatureOfRequest];

    /// <summary>A cluster's name as a tag: only printable ASCII, without characters that a structured field escapes.</summary>
    public static string TagOf(string clusterName) => Uri.EscapeDataString(clusterName);
}

/// <summary>A component of a message that a signature covers.</summary>
internal enum Component : byte
{
    Method,
    Path,
    Query,
    ContentDigest,
    ContentDigestInTrailer,
    Status,
    SignatureOfRequest,
}

/// <summary>The identifiers of components, serialized as in a signature base (RFC 9421 section 2).</summary>
internal static class ComponentIdentifiers
{
    public static ReadOnlySpan<byte> Of(Component component) => component switch
    {
        Component.Method => "\"@method\""u8,
        Component.Path => "\"@path\""u8,
        Component.Query => "\"@query\""u8,
        Component.ContentDigest => "\"content-digest\""u8,
        Component.ContentDigestInTrailer => "\"content-digest\";tr"u8,
        Component.Status => "\"@status\""u8,
        Component.SignatureOfRequest => "\"signature\";req;key=\"dftp\""u8,
        _ => throw new ArgumentOutOfRangeException(nameof(component)),
    };

    public static bool TryFind(ReadOnlySpan<byte> identifier, out Component component)
    {
        for (component = Component.Method; component <= Component.SignatureOfRequest; component++)
        {
            if (identifier.SequenceEqual(Of(component))) return true;
        }

        return false;
    }
}

/// <summary>The values of the components of one message. Those that the message does not have are empty.</summary>
internal readonly ref struct MessageComponents
{
    public ReadOnlySpan<byte> Method { get; init; }

    /// <summary>The request target as on the wire, with its query. Nothing in it is decoded or normalized.</summary>
    public ReadOnlySpan<byte> Target { get; init; }

    /// <summary>The field's value, from the header or the trailer section.</summary>
    public ReadOnlySpan<byte> ContentDigest { get; init; }

    /// <summary>Three digits.</summary>
    public ReadOnlySpan<byte> Status { get; init; }

    /// <summary>The member of the request's Signature field, with its colons.</summary>
    public ReadOnlySpan<byte> SignatureOfRequest { get; init; }

    public ReadOnlySpan<byte> Of(Component component) => component switch
    {
        Component.Method => Method,
        Component.Path => Target.IndexOf((byte)'?') is >= 0 and var mark ? Target[..mark] : Target,
        // RFC 9421 section 2.2.7: "If the query string is absent from the request message, the component value is the leading ? character
        // alone."
        Component.Query => Target.IndexOf((byte)'?') is >= 0 and var mark ? Target[mark..] : "?"u8,
        Component.ContentDigest or Component.ContentDigestInTrailer => ContentDigest,
        Component.Status => Status,
        Component.SignatureOfRequest => SignatureOfRequest,
        _ => throw new ArgumentOutOfRangeException(nameof(component)),
    };

    /// <summary>The length of all values together.</summary>
    public int Length => Method.Length + Target.Length + ContentDigest.Length + Status.Length + SignatureOfRequest.Length;
}
