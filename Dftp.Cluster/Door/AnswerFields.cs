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
}
