using Dftp.Cluster.Access;
using Dftp.FileSystem;

namespace Dftp.Tests.Support;

/// <summary>A tree of the tests and the view of a principal that sees all of it; other principals see what the cluster's tree would show them.</summary>
internal interface ITestTree : IFileTree, ITreeView
{
    ITreeView IFileTree.For(Principal principal) => new GuardedTree(this).For(principal);
}
