using System.Reflection;
using Dftp.Tests.Support;

namespace Dftp.Tests;

/// <summary>Which project and folder may use which.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    [TestMethod]
    [DataRow(typeof(Dftp.FileSystem.IFileTree), "")]
    [DataRow(typeof(Dftp.Sockets.LoopSocket), "")]
    [DataRow(typeof(Dftp.Routes.RouteTable), "Dftp.FileSystem")]
    [DataRow(typeof(Dftp.Cluster.ClusterNode), "Dftp.FileSystem Dftp.Routes Dftp.Sockets")]
    [DataRow(typeof(Dftp.Http.HttpFrontEnd), "Dftp.FileSystem Dftp.Routes Dftp.Sockets")]
    [DataRow(typeof(Dftp.Ftp.FtpFrontEnd), "Dftp.FileSystem Dftp.Sockets")]
    [DataRow(typeof(Dftp.Node.NodeHost), "Dftp.Cluster Dftp.FileSystem Dftp.Ftp Dftp.Http Dftp.Routes Dftp.Sockets")]
    public void Project_ReferencesOnlyThoseBelowIt(Type member, string allowed)
    {
        var known = member.Assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Dftp.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

        Assert.AreEqual(allowed, string.Join(' ', known));
    }

    // The contracts stand alone: no packages, no framework beyond the base library.
    [TestMethod]
    public void Contracts_NeedNothingButTheBaseLibrary()
    {
        string[] notAllowed = ["Microsoft.AspNetCore", "Microsoft.Extensions", "System.Net.Http", "System.Net.Sockets"];

        foreach (var reference in typeof(Dftp.FileSystem.IFileTree).Assembly.GetReferencedAssemblies())
            Assert.IsFalse(Array.Exists(notAllowed, reference.Name!.StartsWith), reference.Name);
    }

    // The cluster keeps its inside to itself: front ends get at it by IFileTree only.
    [TestMethod]
    public void ClustersFolders_AreInternal()
    {
        string[] inner = ["Index", "PeerReads", "Replication", "Discovery", "Management"];

        var exposed = typeof(Dftp.Cluster.ClusterNode).Assembly.GetExportedTypes()
            .Where(type => inner.Contains(type.Namespace!["Dftp.Cluster".Length..].TrimStart('.')) && !typeof(Exception).IsAssignableFrom(type))
            .Select(type => type.FullName)
            .ToList();

        Assert.AreEqual(0, exposed.Count, string.Join(", ", exposed));
    }

    // Folders are layers: a reader who knows those below needs nothing else.
    [TestMethod]
    [DataRow(typeof(Dftp.Cluster.ClusterNode), true)]
    [DataRow(typeof(Dftp.Http.HttpFrontEnd), true)]
    [DataRow(typeof(Dftp.Ftp.FtpFrontEnd), false)]
    [DataRow(typeof(Dftp.Node.NodeHost), false)]
    public void Folders_ReferenceEachOtherInOneDirection(Type member, bool withRootTypes)
    {
        var references = FolderReferences.Of(member.Assembly, member.Namespace!, withRootTypes);

        var cycle = FolderReferences.FindCycle(references);

        Assert.IsNull(cycle, cycle);
    }

    // The tree can be kept elsewhere than in memory: only what saves the tree in memory takes that.
    [TestMethod]
    public void TreeInMemory_IsTakenOnlyWhereItIsMadeOrSaved()
    {
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        string[] allowed = ["Dftp.Cluster.Index", "Dftp.Cluster.Persistence"];

        var takers = typeof(Dftp.Cluster.ClusterNode).Assembly.GetTypes()
            .Where(type => !allowed.Contains(type.Namespace))
            .Where(type => type.GetConstructors(all).SelectMany(made => made.GetParameters()).Select(parameter => parameter.ParameterType)
                .Concat(type.GetFields(all).Select(field => field.FieldType))
                .Contains(typeof(Dftp.Cluster.Index.TreeWriter)))
            .Select(type => type.FullName)
            .ToList();

        Assert.AreEqual(0, takers.Count, string.Join(", ", takers));
    }

    // async void loses its exceptions.
    [TestMethod]
    public void NoMethod_IsAsyncVoid()
    {
        Type[] projects = [
            typeof(Dftp.Sockets.LoopSocket), typeof(Dftp.Routes.RouteTable), typeof(Dftp.Cluster.ClusterNode), typeof(Dftp.Http.HttpFrontEnd), typeof(Dftp.Ftp.FtpFrontEnd), typeof(Dftp.Node.NodeHost),
        ];
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        var found = projects.SelectMany(project => project.Assembly.GetTypes())
            .SelectMany(type => type.GetMethods(all))
            .Where(method => method.ReturnType == typeof(void) && method.GetCustomAttribute<System.Runtime.CompilerServices.AsyncStateMachineAttribute>() is not null)
            .Select(method => $"{method.DeclaringType}.{method.Name}")
            .ToList();

        Assert.AreEqual(0, found.Count, string.Join(", ", found));
    }
}
