namespace Dftp.FileSystem;

/// <summary>The state of a node as seen from this node.</summary>
public enum NodeState
{
    /// <summary>This node itself.</summary>
    Self,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>It refused a connection or failed a read. Other holders are preferred until it answers again.</summary>
    Suspect,

    /// <summary>It is known but has not sent its entries yet. It is in <see cref="ITreeView.Missing"/> too.</summary>
    Joining,
}

/// <summary>A node whose entries are absent from the tree, or stale.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Since">When it was last seen, in whole seconds.</param>
/// <param name="Reason">Why its entries are missing.</param>
/// <param name="Path">
/// Null: the whole node. Otherwise only the node's entries at and below this path are unconfirmed, because its disk cannot be read
/// there since <paramref name="Since"/>.
/// </param>
public sealed record MissingNode(NodeName Name, UnixTime Since, MissingReason Reason = MissingReason.Dead, VirtualPath? Path = null)
{
    public static MissingNode At(NodeName node, UnconfirmedPlace place) => new(node, place.Since, MissingReason.Unconfirmed, place.Path);
}

/// <summary>Why the entries of a node are missing from the tree.</summary>
public enum MissingReason
{
    /// <summary>It does not answer: the tree has none of its entries.</summary>
    Dead,

    /// <summary>It said goodbye: the tree has none of its entries.</summary>
    Left,

    /// <summary>It is known but has not sent its entries yet: the tree has none of them.</summary>
    Joining,

    /// <summary>The tree shows its last known entries, until it confirms them or its directory has been scanned.</summary>
    Unconfirmed,
}

/// <summary>A node as pages and reports show it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">Its state as seen from this node.</param>
/// <param name="PublicAddress">The host:port of its public HTTP interface; empty when it has none, or for this node.</param>
/// <param name="Files">
/// The number of files that it holds, including those that other nodes hold too; null for a principal that may not see all of them.
/// </param>
/// <param name="Bytes">Their total size; null as <paramref name="Files"/>.</param>
/// <param name="PublicUrl">
/// <c>http://host:port</c> where clients can read its own copies, including ranges; empty when they cannot, and for this node.
/// </param>
public sealed record NodeSummary(NodeName Name, NodeState State, string PublicAddress, long? Files, long? Bytes, string PublicUrl = "");
