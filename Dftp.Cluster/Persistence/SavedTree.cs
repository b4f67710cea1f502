using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>Whose tree a file holds. One of any other node, cluster, root directory or mount is no use.</summary>
/// <param name="Node">The node that kept it.</param>
/// <param name="ClusterName">Its cluster.</param>
/// <param name="RootDirectory">What it served, as an absolute path.</param>
/// <param name="Mount">Where in the tree that stood.</param>
internal sealed record TreeOrigin(NodeName Node, string ClusterName, string RootDirectory, VirtualPath Mount);

/// <summary>A tree as it was kept.</summary>
/// <param name="Tree">The tree.</param>
/// <param name="SavedAt">When that was so, in whole seconds.</param>
internal sealed record SavedTree(TreeSnapshot Tree, DateTimeOffset SavedAt);
