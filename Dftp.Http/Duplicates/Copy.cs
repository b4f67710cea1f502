using System.Text;
using Dftp.FileSystem;

namespace Dftp.Http.Duplicates;

/// <summary>One node's copy of a file, in a compact form: a report holds many.</summary>
internal readonly record struct Copy(VirtualPath Directory, ReadOnlyMemory<byte> NameUtf8, long Size, UnixTime Modified, NodeName Node)
{
    public VirtualPath Path => Directory.Child(Encoding.UTF8.GetString(NameUtf8.Span));

    public static Copy Of(in WalkEntry step) =>
        new(step.Directory, step.Entry.NameUtf8, step.Entry.Size, step.Entry.Modified, step.Entry.Owner);

    public Entry ToEntry() => new(NameUtf8, false, Size, Modified, 0, Node);

    public WalkEntry ToStep() => new(Directory, ToEntry());
}

/// <summary>Copies of one size whose content was compared.</summary>
/// <param name="Digest">Their common digest; null when there is none.</param>
/// <param name="Copies">The copies; a single one when there is no digest.</param>
/// <param name="Nodes">The number of nodes that hold them.</param>
/// <param name="Failure">Why there is no digest, as a sentence without a full stop.</param>
/// <param name="IsUncertain">Whether another node has a copy of this size that was not comparable.</param>
internal sealed record SameContent(
    ContentDigest? Digest, IReadOnlyList<Copy> Copies, int Nodes, string? Failure = null, bool IsUncertain = false);
