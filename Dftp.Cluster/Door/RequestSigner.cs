using System.Text;

namespace Dftp.Cluster.Door;

/// <summary>The signature of a request, for a client that writes header fields as strings.</summary>
/// <param name="Key">The key, with which the answer has to be signed.</param>
/// <param name="Nonce">Repeated by the signature after a streamed body.</param>
/// <param name="Parameters">The parameters: Signature-Input without its label.</param>
/// <param name="Member">The member of the Signature field.</param>
internal sealed record RequestSignature(SecretKey Key, Nonce Nonce, string Parameters, string Member)
{
    /// <summary>The value of Signature-Input.</summary>
    public string Input => $"{SignatureProfile.Label}={Parameters}";

    /// <summary>The value of Signature.</summary>
    public string Signature => $"{SignatureProfile.Label}={Member}";

    /// <summary>The header fields, each with its line end.</summary>
    /// <param name="contentDigest">The value of Content-Digest; null: a streamed body, whose digest and signature follow it.</param>
    public string FieldsOf(string? contentDigest)
    {
        var ofBody = contentDigest is null
            ? $"Trailer: {SignatureProfile.DigestField}, {SignatureProfile.InputField}, {SignatureProfile.SignatureField}\r\n"
            : $"{SignatureProfile.DigestField}: {contentDigest}\r\n";
        return $"{ofBody}{SignatureProfile.InputField}: {Input}\r\n{SignatureProfile.SignatureField}: {Signature}\r\n";
    }
}

/// <summary>Signs requests with the first key of the secret.</summary>
internal sealed class RequestSigner(ClusterSecret secret, string clusterName, TimeProvider time)
{
    /// <summary>The maximum length of what <see cref="WriteFields"/> writes.</summary>
    public const int MaxFieldBytes = SignatureWriter.MaxParameters + SignatureWriter.MemberLength + 64;

    private readonly string _tag = SignatureProfile.TagOf(clusterName);

    /// <summary>Signs a request.</summary>
    /// <param name="method">The method.</param>
    /// <param name="target">The request target as it is sent.</param>
    /// <param name="contentDigest">The value of Content-Digest; null if it is not in the header section.</param>
    /// <param name="nonce">The next nonce of the connection's sequence; or the first of a new one.</param>
    public RequestSignature Sign(string method, string target, string? contentDigest, Nonce nonce)
    {
        var key = secret.Keys.Signing;
        var message = new MessageComponents
        {
            Method = Encoding.ASCII.GetBytes(method),
            Target = Encoding.ASCII.GetBytes(target),
            ContentDigest = Encoding.ASCII.GetBytes(contentDigest ?? ""),
        };
        var (parameters, member) = Sign(message, ComponentsOf(message), key, nonce);
        return new RequestSignature(key, nonce, parameters, member);
    }

    /// <summary>Signs a request and writes the two header fields, each with its line end.</summary>
    /// <param name="message">Method, target and, if it is in the header section, Content-Digest.</param>
    /// <param name="nonce">The next nonce of the connection's sequence.</param>
    /// <param name="output">At least <see cref="MaxFieldBytes"/>.</param>
    /// <returns>The number of bytes written.</returns>
    public int WriteFields(in MessageComponents message, Nonce nonce, Span<byte> output)
    {
        Span<byte> member = stackalloc byte[SignatureWriter.MemberLength];
        var start = "Signature-Input: dftp="u8;
        var middle = "\r\nSignature: dftp="u8;
        start.CopyTo(output);
        var length = start.Length;
        length += SignatureWriter.Sign(
            message, ComponentsOf(message), secret.Keys.Signing, _tag, time.GetUtcNow(), nonce, output[length..], member);
        middle.CopyTo(output[length..]);
        length += middle.Length;
        member.CopyTo(output[length..]);
        length += member.Length;
        "\r\n"u8.CopyTo(output[length..]);
        return length + 2;
    }

    /// <summary>Signs the digest of a streamed body, for the trailer section.</summary>
    /// <param name="request">The signature of the request's head.</param>
    /// <param name="contentDigest">The value of Content-Digest.</param>
    /// <returns>The trailer fields with Content-Digest, each with its line end.</returns>
    public string TrailerOf(RequestSignature request, string contentDigest)
    {
        var message = new MessageComponents { ContentDigest = Encoding.ASCII.GetBytes(contentDigest) };
        var (parameters, member) = Sign(message, SignatureProfile.OfTrailer, request.Key, request.Nonce);
        return $"{SignatureProfile.DigestField}: {contentDigest}\r\n"
            + $"{SignatureProfile.InputField}: {SignatureProfile.Label}={parameters}\r\n"
            + $"{SignatureProfile.SignatureField}: {SignatureProfile.Label}={member}\r\n";
    }

    /// <summary>Signs the answer to a signed request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="status">The status of the answer.</param>
    /// <param name="body">Its whole body.</param>
    public AnswerFields SignAnswer(SignedRequest request, int status, ReadOnlySpan<byte> body)
    {
        var digest = BodyDigest.FieldOf(body);
        var (parameters, member) = Sign(
            AnswerFields.Components(status, digest, request.Signature), SignatureProfile.OfAnswer, request.Key, nonce: null);
        return new AnswerFields(digest, $"{SignatureProfile.Label}={parameters}", $"{SignatureProfile.Label}={member}");
    }

    private (string Parameters, string Member) Sign(
        in MessageComponents message, ReadOnlySpan<Component> components, SecretKey key, Nonce? nonce)
    {
        Span<byte> parameters = stackalloc byte[SignatureWriter.MaxParameters];
        Span<byte> member = stackalloc byte[SignatureWriter.MemberLength];
        var length = SignatureWriter.Sign(message, components, key, _tag, time.GetUtcNow(), nonce, parameters, member);
        return (Encoding.ASCII.GetString(parameters[..length]), Encoding.ASCII.GetString(member));
    }

    private static ReadOnlySpan<Component> ComponentsOf(in MessageComponents message) =>
        message.ContentDigest.IsEmpty ? SignatureProfile.OfRequest : SignatureProfile.OfRequestWithBody;
}
