using System.Reflection;

namespace Dftp.Tests;

/// <summary>Which house may know which.</summary>
[TestClass]
public sealed class ArchitectureTests
{
    [DataTestMethod]
    [DataRow(typeof(Dftp.FileSystem.IFileTree), "")]
    [DataRow(typeof(Dftp.Sockets.LoopSocket), "")]
    [DataRow(typeof(Dftp.Cluster.ClusterNode), "Dftp.FileSystem Dftp.Sockets")]
    [DataRow(typeof(Dftp.Http.HttpFrontEnd), "Dftp.FileSystem Dftp.Sockets")]
    [DataRow(typeof(Dftp.Ftp.FtpFrontEnd), "Dftp.FileSystem Dftp.Sockets")]
    [DataRow(typeof(Dftp.Node.NodeHost), "Dftp.Cluster Dftp.FileSystem Dftp.Ftp Dftp.Http Dftp.Sockets")]
    public void House_KnowsOnlyTheHousesBelowIt(Type member, string allowed)
    {
        var known = member.Assembly.GetReferencedAssemblies()
            .Select(reference => reference.Name!)
            .Where(name => name.StartsWith("Dftp.", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal);

        Assert.AreEqual(allowed, string.Join(' ', known));
    }

    // The contracts stand alone: no packages, no framework beyond the base library.
    [TestMethod]
    public void FileSystemHouse_NeedsNothingButTheBaseLibrary()
    {
        string[] notAllowed = ["Microsoft.AspNetCore", "Microsoft.Extensions", "System.Net.Http", "System.Net.Sockets"];

        foreach (var reference in typeof(Dftp.FileSystem.IFileTree).Assembly.GetReferencedAssemblies())
            Assert.IsFalse(Array.Exists(notAllowed, reference.Name!.StartsWith), reference.Name);
    }

    // The cluster keeps its inside to itself: front ends get at it by IFileTree only.
    [TestMethod]
    public void ClustersInnerHouses_AreInternal()
    {
        string[] inner = ["Tree", "Scanning", "Updates", "Discovery", "Management"];

        var exposed = typeof(Dftp.Cluster.ClusterNode).Assembly.GetExportedTypes()
            .Where(type => inner.Contains(type.Namespace!["Dftp.Cluster".Length..].TrimStart('.')) && !typeof(Exception).IsAssignableFrom(type))
            .Select(type => type.FullName)
            .ToList();

        Assert.AreEqual(0, exposed.Count, string.Join(", ", exposed));
    }

    // async void loses its exceptions.
    [TestMethod]
    public void NoMethod_IsAsyncVoid()
    {
        Type[] houses = [
            typeof(Dftp.Sockets.LoopSocket), typeof(Dftp.Cluster.ClusterNode), typeof(Dftp.Http.HttpFrontEnd), typeof(Dftp.Ftp.FtpFrontEnd), typeof(Dftp.Node.NodeHost),
        ];
        const BindingFlags all = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

        var found = houses.SelectMany(house => house.Assembly.GetTypes())
            .SelectMany(type => type.GetMethods(all))
            .Where(method => method.ReturnType == typeof(void) && method.GetCustomAttribute<System.Runtime.CompilerServices.AsyncStateMachineAttribute>() is not null)
            .Select(method => $"{method.DeclaringType}.{method.Name}")
            .ToList();

        Assert.AreEqual(0, found.Count, string.Join(", ", found));
    }
}
