using System.Buffers.Text;
using System.Text.Unicode;

namespace Dftp.Cluster.Door;

/// <summary>Makes signatures of our profile.</summary>
internal static class SignatureWriter
{
    /// <summary>The maximum length of a signature's parameters: a tag of 255 bytes, each percent-encoded, and the rest.</summary>
    public const int MaxParameters = 3 * 255 + 320;

    /// <summary>The length of the member of a Signature field: a MAC in base64 between colons.</summary>
    public const int MemberLength = 46;

    /// <summary>Signs a message.</summary>
    /// <param name="message">The values.</param>
    /// <param name="components">The components to cover.</param>
    /// <param name="key">The key.</param>
    /// <param name="tag">The cluster's name as a tag.</param>
    /// <param name="created">The time of the signature.</param>
    /// <param name="nonce">Null: no nonce, for an answer, which is bound to its request.</param>
    /// <param name="parameters">Receives the parameters; <see cref="MaxParameters"/> bytes.</param>
    /// <param name="member">Receives the member of the Signature field; <see cref="MemberLength"/> bytes.</param>
    /// <returns>The length of the parameters.</returns>
    public static int Sign(
        in MessageComponents message, ReadOnlySpan<Component> components, SecretKey key, string tag, DateTimeOffset created, Nonce? nonce,
        Span<byte> parameters, Span<byte> member)
    {
        var length = WriteParameters(components, key, tag, created, nonce, parameters);
        using var signed = SignatureBase.Of(message, components, parameters[..length]);
        Span<byte> mac = stackalloc byte[SecretKey.MacBytes];
        key.Mac(signed.Written, mac);
        member[0] = member[MemberLength - 1] = (byte)':';
        Base64.EncodeToUtf8(mac, member[1..], out _, out _);
        return length;
    }

    private static int WriteParameters(
        ReadOnlySpan<Component> components, SecretKey key, string tag, DateTimeOffset created, Nonce? nonce, Span<byte> output)
    {
        output[0] = (byte)'(';
        var length = 1;
        foreach (var component in components)
        {
            if (length > 1) output[length++] = (byte)' ';
            var identifier = ComponentIdentifiers.Of(component);
            identifier.CopyTo(output[length..]);
            length += identifier.Length;
        }

        Utf8.TryWrite(output[length..], $");created={created.ToUnixTimeSeconds()}", out var written);
        length += written;
        if (nonce is { } once)
        {
            Utf8.TryWrite(output[length..], $";nonce=\"{once.Sequence:x16}-{once.Number:x}\"", out written);
            length += written;
        }

        Utf8.TryWrite(output[length..], $";keyid=\"{key.Id}\";tag=\"{tag}\"", out written);
        return length + written;
    }
}
