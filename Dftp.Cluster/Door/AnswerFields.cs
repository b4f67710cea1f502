using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Dftp.Cluster.Door;

/// <summary>The fields of an answer that authenticate it. Absent ones are empty.</summary>
/// <param name="ContentDigest">The digest of the body.</param>
/// <param name="Input">Signature-Input.</param>
/// <param name="Signature">Signature.</param>
internal sealed record AnswerFields(string ContentDigest, string Input, string Signature)
{
    /// <summary>Whether a field of this name is one of them.</summary>
    public static bool Has(ReadOnlySpan<byte> name) =>
        Ascii.EqualsIgnoreCase(name, SignatureProfile.DigestField) || Ascii.EqualsIgnoreCase(name, SignatureProfile.InputField)
        || Ascii.EqualsIgnoreCase(name, SignatureProfile.SignatureField);

    /// <summary>Adds a field of which <see cref="Has"/> is true. A repeated one makes the signature wrong.</summary>
    public AnswerFields With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        var text = Encoding.Latin1.GetString(value);
        if (Ascii.EqualsIgnoreCase(name, SignatureProfile.DigestField)) return this with { ContentDigest = ContentDigest + text };
        return Ascii.EqualsIgnoreCase(name, SignatureProfile.InputField) ? this with { Input = Input + text }
            : this with { Signature = Signature + text };
    }

    /// <summary>Whether a node of the cluster signed the answer, for this request.</summary>
    /// <param name="request">The signature of the request.</param>
    /// <param name="status">The status of the answer.</param>
    /// <param name="body">Its whole body.</param>
    public bool AreOf(RequestSignature request, int status, ReadOnlySpan<byte> body) =>
        BodyDigest.Matches(ContentDigest, SHA256.HashData(body)) && RequestVerifier.IsAnswerSigned(
            request.Key,
            Components(status, ContentDigest, request.Member),
            new SignatureFields { Input = Encoding.ASCII.GetBytes(Input), Signature = Encoding.ASCII.GetBytes(Signature) });

    /// <summary>What the signature of an answer covers.</summary>
    /// <param name="status">The status.</param>
    /// <param name="contentDigest">The value of Content-Digest.</param>
    /// <param name="requestSignature">The member of the request's Signature field.</param>
    public static MessageComponents Components(int status, string contentDigest, string requestSignature) => new()
    {
        Status = Encoding.ASCII.GetBytes(status.ToString(CultureInfo.InvariantCulture)),
        ContentDigest = Encoding.ASCII.GetBytes(contentDigest),
        SignatureOfRequest = Encoding.ASCII.GetBytes(requestSignature),
    };
}
