using Dftp.FileSystem;

namespace Dftp.Cluster.Index;

/// <summary>
/// The owner is the holder with the greatest stamp; of several, the one with the smaller name.
/// </summary>
/// <remarks>
/// It depends only on what the holders announce, so every node finds the same owner, in whatever order it received the updates.
/// </remarks>
internal static class OwnerRule
{
    public static bool Wins(Stamp stamp, NodeName node, Stamp otherStamp, NodeName other) =>
        stamp != otherStamp ? stamp > otherStamp : node < other;

    /// <summary>The part whose facts a directory shows; without announced facts, the part of its first holder.</summary>
    public static NodeEntries OwnerOf(ReadOnlySpan<NodeEntries> parts)
    {
        var owner = parts[0];
        foreach (var part in parts[1..])
        {
            if (part.IsAnnounced != owner.IsAnnounced ? part.IsAnnounced
                : Wins(part.Facts.Stamp, part.Node, owner.Facts.Stamp, owner.Node))
                owner = part;
        }

        return owner;
    }
}
