namespace Dftp.Cluster.Peers;

/// <summary>The state of a peer in the failure detector.</summary>
internal enum PeerState
{
    /// <summary>It announced itself or another node named it, and it has not answered yet. After a timeout it counts as away.</summary>
    Unmet,

    /// <summary>It answers.</summary>
    Alive,

    /// <summary>The last exchange with it failed. Its entries stay in the tree.</summary>
    Suspect,

    /// <summary>It did not answer for too long, or said goodbye. Its entries are not in the tree.</summary>
    Away,
}
