using System.Buffers.Text;
using System.Text;

namespace Dftp.Cluster.Door;

/// <summary>The fields of a request's signature as they arrived.</summary>
internal readonly ref struct SignatureFields
{
    public ReadOnlySpan<byte> Input { get; init; }

    public ReadOnlySpan<byte> Signature { get; init; }

    public bool IsMissing => Input.IsEmpty && Signature.IsEmpty;
}

/// <summary>What is known of a request whose head was verified.</summary>
/// <param name="Key">The key of the sender, which signs the answer too: both know it, also while keys are rotated.</param>
/// <param name="Nonce">Its nonce; the signature in the trailer section repeats it.</param>
/// <param name="Signature">The member of its Signature field.</param>
/// <param name="CoversDigest">Whether Content-Digest is in the header section and covered.</param>
internal sealed record SignedRequest(SecretKey Key, Nonce Nonce, string Signature, bool CoversDigest);

/// <summary>Verifies signatures of our profile.</summary>
internal sealed class RequestVerifier(ClusterSecret secret, string clusterName, TimeProvider time)
{
    private readonly byte[] _tag = Encoding.ASCII.GetBytes(SignatureProfile.TagOf(clusterName));

    /// <summary>Verifies the head of a request. A request is accepted once.</summary>
    /// <param name="message">Method, target and Content-Digest.</param>
    /// <param name="fields">The fields of the signature.</param>
    /// <param name="request">The request; null if it is refused.</param>
    /// <returns>Null if the signature is right.</returns>
    public Refusal? Verify(in MessageComponents message, in SignatureFields fields, out SignedRequest? request)
    {
        // 1. the fields are of our profile
        request = null;
        if (fields.IsMissing) return Refusal.NoSignature;
        Span<byte> canonical = stackalloc byte[SignatureInput.MaxBytes];
        Span<byte> mac = stackalloc byte[SecretKey.MacBytes];
        if (!SignatureInput.TryParse(fields.Input, canonical, out var input))
            return Refusal.Malformed("Signature-Input is not of the profile in docs/protocol.md");
        if (!TryReadMac(fields.Signature, mac, out var member)) return Refusal.Malformed("Signature has no HMAC-SHA-256 called dftp");
        var coversDigest = input.Covers(SignatureProfile.OfRequestWithBody);
        if (!coversDigest && !input.Covers(SignatureProfile.OfRequest))
            return Refusal.Malformed("it has to cover @method, @path, @query and, if it is sent, content-digest");
        if (coversDigest == message.ContentDigest.IsEmpty) return Refusal.Malformed("Content-Digest is covered and absent, or the reverse");
        if (input.Created is not { } created || !Nonce.TryParse(input.Nonce, out var nonce)
            || (!input.Algorithm.IsEmpty && !input.Algorithm.SequenceEqual("hmac-sha256"u8)))
            return Refusal.Malformed("it has no created or nonce, or another alg");

        // 2. somebody who has a key of ours made it. Nothing else in it is believed before
        if (secret.Keys.Find(input.KeyId) is not { } key) return Refusal.UnknownKey(input.KeyId);
        using (var signed = SignatureBase.Of(message, input.Components, input.Canonical))
        {
            if (!key.IsMacOf(signed.Written, mac)) return Refusal.WrongSignature;
        }

        // 3. for this cluster, now, and for the first time
        if (!input.Tag.SequenceEqual(_tag)) return Refusal.WrongCluster(input.Tag, clusterName);
        if (ClockRefusal(created, time) is { } off) return off;
        switch (key.Seen.Accept(nonce, time))
        {
            case NonceOutcome.Replayed: return Refusal.Replayed;
            case NonceOutcome.Full: return Refusal.TooMany;
        }

        request = new SignedRequest(key, nonce, Encoding.ASCII.GetString(member), coversDigest);
        return null;
    }

    /// <summary>Verifies the signature in the trailer section, after the body.</summary>
    /// <param name="request">The request, whose head was verified.</param>
    /// <param name="contentDigest">Content-Digest of the trailer section.</param>
    /// <param name="fields">The fields of the signature in the trailer section.</param>
    public static Refusal? VerifyTrailer(SignedRequest request, ReadOnlySpan<byte> contentDigest, in SignatureFields fields)
    {
        if (contentDigest.IsEmpty || fields.IsMissing)
            return Refusal.NoSignature with
            {
                Sentence = "no signature of the body: Content-Digest and its signature follow a streamed body",
            };
        Span<byte> canonical = stackalloc byte[SignatureInput.MaxBytes];
        Span<byte> mac = stackalloc byte[SecretKey.MacBytes];
        if (!SignatureInput.TryParse(fields.Input, canonical, out var input) || !TryReadMac(fields.Signature, mac, out _)
            || !input.Covers(SignatureProfile.OfTrailer))
            return Refusal.Malformed("the signature after the body is not of the profile in docs/protocol.md");
        using var signed = SignatureBase.Of(new() { ContentDigest = contentDigest }, input.Components, input.Canonical);
        return Nonce.TryParse(input.Nonce, out var nonce) && nonce == request.Nonce && request.Key.IsMacOf(signed.Written, mac)
            ? null : Refusal.WrongSignature;
    }

    /// <summary>Verifies the answer to a signed request.</summary>
    /// <param name="key">The key with which the request was signed.</param>
    /// <param name="message">Status and Content-Digest of the answer, and the request's signature.</param>
    /// <param name="fields">The fields of the answer's signature.</param>
    public static bool IsAnswerSigned(SecretKey key, in MessageComponents message, in SignatureFields fields)
    {
        Span<byte> canonical = stackalloc byte[SignatureInput.MaxBytes];
        Span<byte> mac = stackalloc byte[SecretKey.MacBytes];
        if (message.ContentDigest.IsEmpty || !SignatureInput.TryParse(fields.Input, canonical, out var input)
            || !TryReadMac(fields.Signature, mac, out _) || !input.Covers(SignatureProfile.OfAnswer)) return false;
        using var signed = SignatureBase.Of(message, input.Components, input.Canonical);
        return key.IsMacOf(signed.Written, mac);
    }

    /// <summary>The refusal of something that was signed too long ago, or in the future.</summary>
    internal static Refusal? ClockRefusal(long created, TimeProvider time)
    {
        var ahead = created - time.GetUtcNow().ToUnixTimeSeconds();
        return Math.Abs(ahead) > (long)SignatureProfile.Tolerance.TotalSeconds ? Refusal.ClockOff(ahead) : null;
    }

    /// <param name="field">The Signature field.</param>
    /// <param name="mac">Receives the MAC.</param>
    /// <param name="member">The member's value, with its colons.</param>
    private static bool TryReadMac(ReadOnlySpan<byte> field, Span<byte> mac, out ReadOnlySpan<byte> member)
    {
        field = field.Trim(" \t"u8);
        member = field.StartsWith("dftp="u8) ? field["dftp="u8.Length..] : default;
        return member.Length == SignatureWriter.MemberLength && member[0] == ':' && member[^1] == ':'
            && Base64.DecodeFromUtf8(member[1..^1], mac, out _, out var written) == System.Buffers.OperationStatus.Done
            && written == SecretKey.MacBytes;
    }
}
