using Dftp.Cluster.Index;
using Dftp.FileSystem;

namespace Dftp.Cluster.Persistence;

/// <summary>The origin of a saved tree. A tree of any other node, cluster, root directory or mount is not used.</summary>
/// <param name="Node">The node that saved it.</param>
/// <param name="ClusterName">Its cluster.</param>
/// <param name="RootDirectory">Its root directory, as an absolute path.</param>
/// <param name="Mount">The path in the tree at which that was mounted.</param>
internal sealed record TreeOrigin(NodeName Node, string ClusterName, string RootDirectory, VirtualPath Mount);

/// <summary>A saved tree.</summary>
/// <param name="Tree">The tree.</param>
/// <param name="SavedAt">The time of the save, in whole seconds.</param>
internal sealed record SavedTree(TreeSnapshot Tree, DateTimeOffset SavedAt);
