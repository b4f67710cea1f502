using Dftp.FileSystem;
using Microsoft.AspNetCore.Http;

namespace Dftp.Cluster.Door;

/// <summary>Why a request or announcement was refused.</summary>
internal enum RefusalCause
{
    NoSignature,
    Malformed,
    UnknownKey,
    WrongSignature,
    WrongCluster,
    ClockOff,
    Replayed,

    /// <summary>The memory of nonces is full.</summary>
    TooMany,

    BodyChanged,
    NoTls,
    OtherCertificate,
}

/// <summary>A refusal of a request.</summary>
/// <param name="Cause">The cause.</param>
/// <param name="Sentence">For the answer and the log. It names the cause and, where there is one, the remedy; never a secret.</param>
internal sealed record Refusal(RefusalCause Cause, string Sentence)
{
    /// <summary>RFC 9530 leaves it to the receiver what a digest that does not match means; to us it is a bad request.</summary>
    public int Status => Cause == RefusalCause.BodyChanged ? StatusCodes.Status400BadRequest : StatusCodes.Status401Unauthorized;

    public static Refusal NoSignature { get; } = new(
        RefusalCause.NoSignature,
        "no signature: this cluster has a secret, so give the sender the same file by --cluster-secret-file");

    public static Refusal UnknownKey(ReadOnlySpan<byte> id) => new(
        RefusalCause.UnknownKey,
        $"unknown key {NameOf(id)}: the secret file of this node does not have it, so compare the files of the two nodes");

    public static Refusal WrongSignature { get; } = new(
        RefusalCause.WrongSignature, "wrong signature: the request is not as its sender signed it");

    public static Refusal WrongCluster(ReadOnlySpan<byte> tag, string own) => new(
        RefusalCause.WrongCluster, $"wrong cluster: the request is for {NameOf(tag)}, and this node is in {own}");

    public static Refusal ClockOff(long seconds) => new(
        RefusalCause.ClockOff,
        $"clock off by {Math.Abs(seconds)} s: the sender's clock is {(seconds > 0 ? "ahead of" : "behind")} this node's, and more than "
        + $"{SignatureProfile.Tolerance.TotalSeconds:0} s are not accepted");

    public static Refusal Replayed { get; } = new(RefusalCause.Replayed, "replayed: this request has been received before");

    public static Refusal TooMany { get; } = new(
        RefusalCause.TooMany, "too many senders: this node cannot remember more signatures now, so try again in two minutes");

    public static Refusal BodyChanged { get; } = new(
        RefusalCause.BodyChanged, "body changed on the way: it does not match its Content-Digest");

    public static Refusal NoTls { get; } = new(
        RefusalCause.NoTls, "no TLS: this cluster has a secret and speaks TLS, so give the sender the same --cluster-secret-file and --cluster-tls");

    public static Refusal OtherCertificate(NodeName node) => new(
        RefusalCause.OtherCertificate,
        $"{node} has another certificate than before: if it was set up again, dftp forget {node} lets it in; "
        + "else somebody stands in its place");

    public static Refusal Malformed(string problem) => new(RefusalCause.Malformed, $"malformed signature: {problem}");

    /// <summary>The name of a cause in the status report and in metrics.</summary>
    public static string NameOf(RefusalCause cause) => cause switch
    {
        RefusalCause.NoSignature => "noSignature",
        RefusalCause.Malformed => "malformed",
        RefusalCause.UnknownKey => "unknownKey",
        RefusalCause.WrongSignature => "wrongSignature",
        RefusalCause.WrongCluster => "wrongCluster",
        RefusalCause.ClockOff => "clockOff",
        RefusalCause.Replayed => "replayed",
        RefusalCause.TooMany => "tooMany",
        RefusalCause.BodyChanged => "bodyChanged",
        RefusalCause.NoTls => "noTls",
        RefusalCause.OtherCertificate => "otherCertificate",
        _ => throw new ArgumentOutOfRangeException(nameof(cause)),
    };

    /// <summary>What a sender gave as a name, short and printable.</summary>
    private static string NameOf(ReadOnlySpan<byte> text)
    {
        const int most = 64;
        var name = string.Create(
            Math.Min(text.Length, most), text, static (chars, bytes) =>
            {
                for (var i = 0; i < chars.Length; i++) chars[i] = bytes[i] is > 0x20 and < 0x7f ? (char)bytes[i] : '?';
            });
        return name.Length == 0 ? "without a name" : name;
    }
}
