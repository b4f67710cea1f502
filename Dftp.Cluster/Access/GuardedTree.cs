using System.Runtime.CompilerServices;
using Dftp.FileSystem;

namespace Dftp.Cluster.Access;

/// <summary>A tree that shows each principal what it may see of a view.</summary>
internal sealed class GuardedTree(ITreeView whole) : IFileTree
{
    private static readonly ConditionalWeakTable<Principal, VisiblePlace> Places = [];

    public ITreeView For(Principal principal) => principal.ReadsEverything
        ? whole
        : new RestrictedView(whole, principal, Places.GetValue(principal, VisiblePlace.Of));
}
