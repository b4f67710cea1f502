using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Dftp.Tests.Support;

/// <summary>
/// The references between the folders of an assembly, read from its compiled code. A namespace is a folder; optionally each type of
/// the root namespace, which composes the folders, counts as one.
/// </summary>
internal static class FolderReferences
{
    private const BindingFlags All =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => (int)(ushort)code.Value);

    /// <param name="assembly">The assembly.</param>
    /// <param name="root">Its root namespace.</param>
    /// <param name="withRootTypes">Whether a type of the root namespace counts as a folder.</param>
    /// <returns>For each folder the folders that it uses, each with an example of a using and a used type.</returns>
    public static Dictionary<string, Dictionary<string, string>> Of(Assembly assembly, string root, bool withRootTypes)
    {
        var references = new Dictionary<string, Dictionary<string, string>>();
        foreach (var type in assembly.GetTypes())
        {
            if (FolderOf(type, assembly, root) is not { } folder) continue;
            var uses = references.TryGetValue(folder, out var known) ? known : references[folder] = [];
            foreach (var used in UsedBy(type).SelectMany(Parts))
            {
                if (FolderOf(used, assembly, root) is { } other && other != folder && !IsLeftOut(type, used)) uses.TryAdd(other,
                    $"{Outermost(type).Name} uses {Outermost(used).Name}");
            }
        }

        return references;

        // Types of the root namespace may use each other.
        bool IsLeftOut(Type type, Type used)
        {
            var (from, to) = (Outermost(type).Namespace == root, Outermost(used).Namespace == root);
            return withRootTypes ? from && to : from || to;
        }
    }

    /// <returns>A sentence that names the folders of a cycle; null if there is none.</returns>
    public static string? FindCycle(Dictionary<string, Dictionary<string, string>> references)
    {
        var done = new HashSet<string>();
        var path = new List<string>();
        return references.Keys.Order(StringComparer.Ordinal).Select(Visit).FirstOrDefault(found => found is not null);

        string? Visit(string folder)
        {
            if (path.IndexOf(folder) is var start and >= 0)
            {
                var cycle = path[start..].Append(folder).ToList();
                return string.Join("; ", cycle.Zip(cycle.Skip(1), (from, to) => $"{from} -> {to} ({references[from][to]})"));
            }

            if (!done.Add(folder)) return null;
            path.Add(folder);
            foreach (var used in references.GetValueOrDefault(folder, []).Keys)
            {
                if (Visit(used) is { } found) return found;
            }

            path.RemoveAt(path.Count - 1);
            return null;
        }
    }

    private static string? FolderOf(Type type, Assembly assembly, string root)
    {
        var outer = Outermost(type);
        if (outer.Assembly != assembly || outer.Namespace?.StartsWith(root, StringComparison.Ordinal) != true) return null;
        if (outer.IsDefined(typeof(CompilerGeneratedAttribute), false)) return null;
        return outer.Namespace == root ? outer.Name : outer.Namespace[(root.Length + 1)..];
    }

    private static Type Outermost(Type type)
    {
        while (type.DeclaringType is { } declaring) type = declaring;
        return type;
    }

    private static IEnumerable<Type> Parts(Type? type)
    {
        if (type is null || type.IsGenericParameter) return [];
        if (type.HasElementType) return Parts(type.GetElementType());
        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts).Append(type.GetGenericTypeDefinition()) : [type];
    }

    private static IEnumerable<Type?> UsedBy(Type type)
    {
        yield return type.BaseType;
        foreach (var implemented in type.GetInterfaces()) yield return implemented;
        foreach (var field in type.GetFields(All)) yield return field.FieldType;
        foreach (var method in type.GetMethods(All).Cast<MethodBase>().Concat(type.GetConstructors(All)))
        {
            if (method is MethodInfo { ReturnType: var returned }) yield return returned;
            foreach (var parameter in method.GetParameters()) yield return parameter.ParameterType;
            if (method.GetMethodBody() is not { } body) continue;
            foreach (var local in body.LocalVariables) yield return local.LocalType;
            foreach (var used in UsedBy(method, body.GetILAsByteArray()!)) yield return used;
        }
    }

    private static IEnumerable<Type?> UsedBy(MethodBase method, byte[] code)
    {
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethodDefinition ? method.GetGenericArguments() : null;
        for (var at = 0; at < code.Length;)
        {
            var value = code[at++] is var first && first == 0xFE ? (0xFE << 8) | code[at++] : first;
            var operand = Codes[value].OperandType;
            if (operand is OperandType.InlineField or OperandType.InlineMethod or OperandType.InlineTok or OperandType.InlineType)
            {
                var member = method.Module.ResolveMember(BitConverter.ToInt32(code, at), typeArguments, methodArguments);
                yield return member as Type ?? member!.DeclaringType;
                if (member is MethodInfo { IsGenericMethod: true } called)
                {
                    foreach (var argument in called.GetGenericArguments()) yield return argument;
                }
            }

            at += operand switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(code, at)),
                _ => 4,
            };
        }
    }
}
