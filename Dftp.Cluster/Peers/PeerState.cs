namespace Dftp.Cluster.Peers;

/// <summary>How a peer stands.</summary>
internal enum PeerState
{
    /// <summary>It was heard of, by its own word or by another node's, and has not answered yet. After too long it is taken for away.</summary>
    Unmet,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>The last thing that was tried with it failed; it is still believed to hold what it said.</summary>
    Suspect,

    /// <summary>It did not answer for too long, or said goodbye: nothing of it is in the tree.</summary>
    Away,
}
